import { isIPv4, isIPv6 } from 'node:net'

/**
 * What the helper may ever write for the programs it starts, written down a second time and from the programs' side:
 * whatever is not in these lists is a finding. Each function throws with the first such line.
 */
const NUMBER = '\\d{1,10}'
const OPTIONS: Record<string, RegExp> = {
  'tls-client': /^$/,
  'tls-server': /^$/,
  pull: /^$/,
  'pull-filter':
    /^(accept "(ifconfig |ifconfig-ipv6 |topology subnet|peer-id |cipher |protocol-flags |key-derivation )"|ignore "")$/,
  remote: /^[0-9.]+ \d{1,5} (udp4|tcp4-client)$|^[0-9a-f:.]+ \d{1,5} (udp6|tcp6-client)$/,
  nobind: /^$/,
  mark: /^\d{1,10}$/,
  'connect-timeout': /^\d{1,2}$/,
  'connect-retry': /^\d \d$/,
  'hand-window': /^\d{1,3}$/,
  ping: /^\d{1,3}$/,
  'ping-restart': /^\d{1,3}$/,
  'remote-cert-tls': /^(server|client)$/,
  mode: /^server$/,
  topology: /^subnet$/,
  push: /^"topology subnet"$/,
  ifconfig: /^[0-9.]+ 255\.255\.255\.0$/,
  'ifconfig-ipv6': /^[0-9a-f:]+\/64 [0-9a-f:]+$/,
  proto: /^(udp[46]|tcp[46]-server)$/,
  lport: /^\d{1,5}$/,
  multihome: /^$/,
  dh: /^none$/,
  'max-clients': /^\d{1,4}$/,
  'connect-freq': /^\d{1,3} \d{1,3}$/,
  'verify-client-cert': /^require$/,
  'client-config-dir': /^\.$/,
  'ccd-exclusive': /^$/,
  dev: /^myst[cs]\d{1,2}$/,
  'dev-type': /^tun$/,
  'tun-mtu': /^\d{4}$/,
  'ifconfig-noexec': /^$/,
  'route-noexec': /^$/,
  'disable-dco': /^$/,
  'script-security': /^0$/,
  'allow-compression': /^no$/,
  'tls-version-min': /^1\.3$/,
  'data-ciphers': /^AES-256-GCM:CHACHA20-POLY1305$/,
  cipher: /^AES-256-GCM$/,
  sndbuf: /^\d{1,8}$/,
  rcvbuf: /^\d{1,8}$/,
  'persist-tun': /^$/,
  'persist-key': /^$/,
  user: /^nobody$/,
  group: /^(nogroup|nobody)$/,
  management: /^\/run\/myst-helper\/\d+-\d+\/(tunnel|server)\.sock unix$/,
  'management-client': /^$/,
  'management-hold': /^$/,
  verb: /^3$/,
}
const BLOCKS: Record<string, string> = {
  ca: 'CERTIFICATE',
  cert: 'CERTIFICATE',
  key: 'PRIVATE KEY',
  'tls-crypt': 'OpenVPN Static key V1',
}

/** OpenVPN's configuration: known options with arguments of their form, and four blocks of nothing but PEM. */
export function checkConfig(text: string): void {
  if (/[^\n -~]/.test(text)) throw new Error('a character that is not printable')
  const blocks: string[] = []
  const rest = text.replaceAll(/^<([a-z-]+)>\n((?:[^<\n]*\n)*?)<\/\1>\n/gm, (_, name: string, body: string) => {
    blocks.push(name)
    checkPem(body, BLOCKS[name] ?? 'no such block')
    return ''
  })
  if (blocks.join() !== Object.keys(BLOCKS).join()) throw new Error(`the blocks ${blocks.join()}`)
  for (const line of rest.split('\n').slice(0, -1)) {
    const [, name = '', rest = ''] = /^([a-z0-9-]+) ?(.*)$/.exec(line) ?? []
    if (!OPTIONS[name]?.test(rest)) throw new Error(`not an option of ours: ${line}`)
    if (name === 'remote') checkAddress(rest.split(' ')[0] ?? '')
  }
  if (!rest.includes('\nscript-security 0\n')) throw new Error('scripts are not forbidden')
}

/** One PEM block, in lines of at most 64 characters, and no other character. */
export function checkPem(text: string, label: string): void {
  const frame = new RegExp(`^-----BEGIN ${label}-----\\n((?:[A-Za-z0-9+/]{1,64}={0,2}\\n)+)-----END ${label}-----\\n$`)
  if (!frame.test(text)) throw new Error(`not a block of ${label}`)
}

/** An address and nothing around it, of either family. */
export function checkAddress(text: string): void {
  if (!/^[0-9a-f:.]+$/.test(text) || !(isIPv4(text) || isIPv6(text))) throw new Error(`not an address: ${text}`)
}

const NFT_WORDS = new Set(
  `accept add addr admin-prohibited auto-merge burst bytes chain classid closed4 closed6 count counter ct daddr delete
  destination-unreachable dnat dport drop dynamic element elements established fib filter flags flush forward fresh4
  fresh6 goto hook hoplimit icmp icmpv6 icmpx iifname inet input interval inward ip ip6 ipv4 ipv4_addr ipv6 ipv6_addr
  jump l4proto limit mangle map mark meta names nat nd-neighbor-advert nd-neighbor-solicit nd-router-advert
  nd-router-solicit new nfproto oifname open4 open6 output outward over own4 own6 packet-too-big packets passing policy
  postrouting prerouting priority raw reject related return saddr set size skuid snat source sport srcnat state status
  table tcp th to translate type udp unicast up4 up6 update with masquerade allowed leaving arriving to_this_machine
  myst_guard down4 down6 rate rate4 rate6 class4 class6 confirmed & == != = { } ; : , "lo"`.split(/\s+/),
)
const NFT_FORMS = [
  /^@[a-z]+[46]$/,
  /^"myst[cs]\d{1,2}"$/,
  /^myst_\d+_\d+$/,
  /^-?\d+$/,
  /^\d+\/second$/,
  /^bytes\/second$/,
  /^1:[0-9a-f]{1,4}$/,
]

/** Input of nft: known words, our names, numbers and addresses, one after the other. */
export function checkRules(text: string): void {
  for (const token of text.split(/[\s,;]+/)) {
    if (token === '' || NFT_WORDS.has(token) || NFT_FORMS.some((form) => form.test(token))) continue
    const [address = '', bits, more] = token.split('/')
    if (more !== undefined || (bits !== undefined && !/^\d{1,3}$/.test(bits))) throw new Error(`not for nft: ${token}`)
    checkAddress(address)
  }
}

const TC_LINE = new RegExp(
  `^(qdisc add dev mysts\\d root handle 1: htb|class del dev mysts\\d classid 1:[0-9a-f]{1,4}|class add dev mysts\\d parent 1:1? classid 1:[0-9a-f]{1,4} htb rate ${NUMBER}bps ceil ${NUMBER}bps burst ${NUMBER} cburst ${NUMBER} quantum 60000)$`,
)

/** Input of `tc -batch -`. */
export function checkQueue(text: string): void {
  for (const line of text.split('\n').slice(0, -1)) if (!TC_LINE.test(line)) throw new Error(`not for tc: ${line}`)
}

const IP_WORDS =
  /^(default|dev|from|inet6|local|lookup|main|pref|proto|protocol|src|suppress_prefixlength|table|to|unreachable|via|\d{1,4})$/

/** Arguments of `ip route add` and `ip rule add`, each an argument of its own. */
export function checkArguments(args: readonly string[]): void {
  args.forEach((argument, index) => {
    if (args[index - 1] === 'dev') {
      if (!/^[^\s/]{1,15}$/.test(argument)) throw new Error(`not a device: ${argument}`)
    } else if (!IP_WORDS.test(argument)) checkAddress(argument.replace(/\/\d{1,3}$/, ''))
  })
}
