import { BlockList, isIPv4 } from 'node:net'

/*
 * Each system's rules read and applied to one packet, as far as the guard's texts go: a word that is not known
 * here throws, so that no line passes for something that nobody looked at.
 */
export type Packet = {
  direction: 'out' | 'in'
  /** The device it leaves or comes by. */
  device: string
  protocol: 'tcp' | 'udp' | 'icmp' | 'icmpv6' | 'gre'
  source: string
  target: string
  sourcePort?: number
  targetPort?: number
  /** As nft calls it. */
  type?: string
  /** Whose program sends it. */
  by?: { user: number; mark?: number; sid: string; program: string }
  /** Answers something that the rules let out. */
  reply?: boolean
}
export type Judge = (rules: string, packet: Packet) => boolean

const familyOf = ({ target }: Packet) => (isIPv4(target) ? 4 : 6)

function within(address: string, networks: readonly string[]): boolean {
  const list = new BlockList()
  const kind = (text: string) => (isIPv4(text) ? 'ipv4' : 'ipv6')
  for (const network of networks) {
    const [base = '', bits] = network.split('/')
    if (bits === undefined) list.addAddress(base, kind(base))
    else list.addSubnet(base, Number(bits), kind(base))
  }
  return list.check(address, kind(address))
}

/** Takes words off a line; braces and commas make a list of one word each. */
function reader(line: string) {
  const words: string[] = line.match(/'[^']*'|"[^"]*"|!=|[{}!]|[^\s{},]+/g) ?? []
  const next = () => words.shift() ?? ''
  return {
    next,
    is: (...wanted: string[]) => {
      if (!wanted.every((word, index) => words[index] === word)) return false
      words.splice(0, wanted.length)
      return true
    },
    value: (): string[] => {
      const first = next()
      return first === '{' ? words.splice(0, words.indexOf('}') + 1).slice(0, -1) : [first.replaceAll('"', '')]
    },
    get ended() {
      return words.length === 0
    },
    unknown: () => new Error(`nobody knows "${words[0]}" of: ${line}`),
  }
}

/** The chains of the guard's hooks, in the order in which the kernel asks them. */
export const judgeByNft: Judge = (rules, packet) => {
  const chains = new Map(
    [...rules.matchAll(/ chain (\w+) \{\n([^}]*(?:\{[^}]*\}[^}]*)*?)\n {2}\}\n/g)].map(([, name = '', body = '']) => [
      name,
      body.split('\n').map((line) => line.trim()),
    ]),
  )
  if (chains.size === 0) return true
  const verdict = (name: string): string => {
    for (const line of chains.get(name) ?? []) {
      const found = line.startsWith('type filter hook') ? '' : matchNft(line, packet)
      if (found.startsWith('jump ')) {
        const inner = verdict(found.slice(5))
        if (inner !== 'return') return inner
      } else if (found !== '') return found
    }
    return 'return' // of a hook: its policy, which drops
  }
  const asked = packet.direction === 'out' ? ['outward', 'leaving'] : ['inward']
  return asked.every((name) => verdict(name) === 'accept')
}

function matchNft(line: string, packet: Packet): string {
  const words = reader(line)
  let matches = true
  const want = (has: (values: string[]) => boolean) => {
    const not = words.is('!=')
    if (has(words.value()) === not) matches = false
  }
  const port = (value: number | undefined) => want((values) => values.includes(String(value)))
  const family = (wanted: 4 | 6) => {
    if (familyOf(packet) !== wanted) matches = false
  }
  while (!words.ended) {
    const isOut = packet.direction === 'out'
    if (words.is('accept') || words.is('drop') || words.is('return'))
      return matches ? (line.split(' ').at(-1) ?? '') : ''
    if (words.is('reject', 'with', 'icmpx', 'admin-prohibited')) return matches ? 'drop' : ''
    if (words.is('jump')) return matches ? `jump ${words.next()}` : ''
    if (words.is('counter')) continue
    if (words.is('oifname')) want((values) => isOut && values.includes(packet.device))
    else if (words.is('iifname')) want((values) => !isOut && values.includes(packet.device))
    else if (words.is('meta', 'mark')) want(([mark]) => Number(mark) === packet.by?.mark)
    else if (words.is('meta', 'skuid')) want(([user]) => Number(user) === packet.by?.user)
    else if (words.is('meta', 'l4proto')) want((values) => values.includes(packet.protocol))
    else if (words.is('meta', 'nfproto')) want(([name]) => name === `ipv${familyOf(packet)}`)
    else if (words.is('th', 'dport')) port(packet.targetPort)
    else if (words.is('ct', 'status', 'dnat'))
      matches = false // it shows at the other chain, with its new address
    else if (words.is('ct', 'state')) want((values) => values.includes('established') && packet.reply === true)
    else if (words.is('ip6', 'hoplimit')) words.next()
    else if (words.is('icmp', 'type') || words.is('icmpv6', 'type')) {
      want((values) => packet.protocol.startsWith('icmp') && values.includes(packet.type ?? ''))
    } else {
      const [protocol, field] = [words.next(), words.next()]
      if (protocol === 'ip' || protocol === 'ip6') {
        family(protocol === 'ip' ? 4 : 6)
        if (matches) want((values) => within(field === 'daddr' ? packet.target : packet.source, values))
        else words.value()
      } else if (protocol === 'tcp' || protocol === 'udp') {
        if (packet.protocol !== protocol) matches = false
        port(field === 'dport' ? packet.targetPort : packet.sourcePort)
      } else throw words.unknown()
    }
  }
  return ''
}

const PF_ICMP: Record<string, string> = {
  routersol: 'nd-router-solicit',
  routeradv: 'nd-router-advert',
  neighbrsol: 'nd-neighbor-solicit',
  neighbradv: 'nd-neighbor-advert',
}

/** Every rule is quick: the first that matches decides. A reply passes where what it answers was remembered. */
export const judgeByPf: Judge = (rules, packet) => {
  const lines = rules.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const first = (asked: Packet) => lines.map((line) => matchPf(line, asked)).find((verdict) => verdict !== undefined)
  const found = first(packet)
  if (lines.length === 0 || found?.pass || !packet.reply) return found?.pass ?? true
  const { source, target, sourcePort = 0, targetPort = 0 } = packet
  const turned = { source: target, target: source, sourcePort: targetPort, targetPort: sourcePort, reply: false }
  const answered = first({ ...packet, ...turned, direction: 'out' })
  return answered?.pass === true && answered.remembered
}

function matchPf(line: string, packet: Packet): { pass: boolean; remembered: boolean } | undefined {
  const words = reader(line)
  const pass = words.is('pass')
  if (!pass && !words.is('block', 'return') && !words.is('block', 'drop')) throw words.unknown()
  let matches = true
  let remembered = false
  const need = (has: boolean) => {
    if (!has) matches = false
  }
  while (!words.ended) {
    if (words.is('quick') || words.is('all') || words.is('flags', 'any') || words.is('no', 'state')) continue
    if (words.is('in')) need(packet.direction === 'in')
    else if (words.is('out')) need(packet.direction === 'out')
    else if (words.is('on', '!')) need(packet.device !== words.next())
    else if (words.is('on')) need(packet.device === words.next().replace(/^lo0$/, 'lo'))
    else if (words.is('inet')) need(familyOf(packet) === 4)
    else if (words.is('inet6')) need(familyOf(packet) === 6)
    else if (words.is('proto'))
      need(words.value().includes(packet.protocol === 'icmpv6' ? 'ipv6-icmp' : packet.protocol))
    else if (words.is('user')) need(Number(words.next()) === packet.by?.user)
    else if (words.is('icmp6-type')) need(words.value().some((type) => PF_ICMP[type] === packet.type))
    else if (words.is('keep', 'state', '(if-bound)')) remembered = true
    else {
      const [address, port] = words.is('from')
        ? [packet.source, packet.sourcePort]
        : words.is('to')
          ? [packet.target, packet.targetPort]
          : []
      if (address === undefined) throw words.unknown()
      const wanted = words.value()
      need(wanted[0] === 'any' || within(address, wanted))
      if (words.is('port')) need(words.value().includes(String(port)))
    }
  }
  if (!line.includes(' quick ')) throw new Error(`not quick: ${line}`)
  return matches ? { pass, remembered } : undefined
}

const WINDOWS_ICMP: Record<string, string> = {
  '133': 'nd-router-solicit',
  '134': 'nd-router-advert',
  '135': 'nd-neighbor-solicit',
  '136': 'nd-neighbor-advert',
  '3:4': 'destination-unreachable',
  '2': 'packet-too-big',
}

/** Rules that allow, over profiles that block; loopback is left out, and replies are remembered. */
export const judgeByWindows: Judge = (script, packet) => {
  const lines = script.split('\n').filter(Boolean)
  const profile = lines.find((line) => line.startsWith('Set-NetFirewallProfile')) ?? ''
  const isClosed = / -DefaultOutboundAction Block -DefaultInboundAction Block -AllowLocalFirewallRules False$/.test(
    profile,
  )
  if (!isClosed && !profile.includes('-AllowLocalFirewallRules NotConfigured')) throw new Error(`profiles: ${profile}`)
  const rules = lines.filter((line) => line.startsWith('New-NetFirewallRule'))
  if (lines.length !== rules.length + 5) throw new Error('a line that nobody knows')
  if (!isClosed || packet.device === 'lo') return true
  const passes = (asked: Packet) => rules.filter((rule) => matchWindows(rule, asked)).length > 0
  const { source, target, sourcePort = 0, targetPort = 0 } = packet
  const turned = { source: target, target: source, sourcePort: targetPort, targetPort: sourcePort }
  return passes(packet) || (packet.reply === true && passes({ ...packet, ...turned, direction: 'out' }))
}

function matchWindows(line: string, packet: Packet): boolean {
  const isOut = packet.direction === 'out'
  const [remote, remotePort = 0] = isOut ? [packet.target, packet.targetPort] : [packet.source, packet.sourcePort]
  const localPort = isOut ? packet.sourcePort : packet.targetPort
  const protocol = { tcp: 'TCP', udp: 'UDP', icmp: 'ICMPv4', icmpv6: 'ICMPv6', gre: '47' }[packet.protocol]
  const inRange = (range: string) => {
    const [from = 0, to = from] = range.split('-').map(Number)
    return remotePort >= from && remotePort <= to
  }
  const holds = (name: string, values: readonly string[]): boolean => {
    const [value] = values
    switch (name) {
      case 'Direction':
        return value === (isOut ? 'Outbound' : 'Inbound')
      case 'InterfaceAlias':
        return value === packet.device
      case 'Protocol':
        return value === protocol
      case 'RemoteAddress':
        return within(remote, values)
      case 'RemotePort':
        return values.some(inRange)
      case 'LocalPort':
        return Number(value) === localPort
      case 'IcmpType':
        return values.some((type) => WINDOWS_ICMP[type] === packet.type)
      case 'Program':
        return value === packet.by?.program
      case 'LocalUser':
        return value === `D:(A;;CC;;;${packet.by?.sid})`
      default:
        throw new Error(`nobody knows -${name} of: ${line}`)
    }
  }
  const head = /^New-NetFirewallRule -GPOSession \$gpo -DisplayName '[\w ]+' -Group '[\w ]+' -Profile Any /
  const words = line
    .replace(head, '')
    .replace('-Action Allow ', '')
    .replace(/\| Out-Null$/, '')
  const given = [...words.matchAll(/-(\w+) ((?:'[^']*',?)+|\w+) /g)]
  if (given.map(([all]) => all).join('') !== words) throw new Error(`nobody knows all of: ${line}`)
  return given.every(([, name = '', value = '']) =>
    holds(
      name,
      value.split(',').map((text) => text.replaceAll("'", '')),
    ),
  )
}
