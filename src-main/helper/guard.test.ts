import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type GuardRules, guardRules, LOCAL_IPV4, LOCAL_IPV6, lockdownRules, TUNNEL_MARK } from './guard.ts'
import { parseRequest } from './requests.ts'

const blocked: GuardRules = {
  user: 1000,
  allowLocalNetwork: false,
  controlEndpoints: [
    { address: '192.0.2.10', port: 8545 },
    { address: '2001:db8::10', port: 8883 },
  ],
  remotes: [],
  tunnel: undefined,
}
const remotes: GuardRules['remotes'] = [
  { address: '203.0.113.10', port: 53, protocol: 'udp' },
  { address: '2001:db8::20', port: 443, protocol: 'tcp' },
]
const up: GuardRules = {
  ...blocked,
  remotes,
  tunnel: { device: 'mystc0', address4: '10.9.8.2', address6: 'fd00::2', dns: undefined },
}
const every = [blocked, { ...blocked, remotes }, up, { ...up, allowLocalNetwork: true }]

/** The rules of one chain. */
function chainOf(rules: GuardRules, name: string): string[] {
  const text = guardRules(rules)
  const from = text.indexOf(`chain ${name} {`)
  expect(from, name).toBeGreaterThan(0)
  const lines = text.slice(from, text.indexOf('\n  }', from)).split('\n')
  return lines.slice(1).map((line) => line.trim())
}

describe('the network guard', () => {
  it('drops what no rule names, in every state and direction, and is one transaction', () => {
    for (const rules of every) {
      const text = guardRules(rules)
      expect(text).toMatch(/^add table inet myst_guard\ndelete table inet myst_guard\ntable inet myst_guard \{\n/)
      expect(text.match(/^table /gm)).toHaveLength(1)
      for (const [chain, hook] of Object.entries({
        outward: 'output',
        leaving: 'postrouting',
        inward: 'input',
        passing: 'forward',
      })) {
        expect(chainOf(rules, chain)[0]).toBe(`type filter hook ${hook} priority filter; policy drop;`)
      }
    }
  })

  it('lets nothing out for being part of something older', () => {
    for (const rules of every) {
      for (const name of ['allowed', 'leaving'] as const) expect(chainOf(rules, name).join('\n')).not.toMatch(/\bct\b/)
      // The one word about connections outwards: names that were redirected, which the next chain looks at.
      const outward = chainOf(rules, 'outward').filter((rule) => /\bct\b/.test(rule))
      expect(outward).toEqual(rules.tunnel ? ['ct status dnat meta l4proto { tcp, udp } th dport 53 accept'] : [])
    }
  })

  it('knows OpenVPN by mark, address, port and protocol at once, and only while there is a tunnel to make', () => {
    const marked = (rules: GuardRules) => chainOf(rules, 'allowed').filter((rule) => rule.includes('mark'))
    expect(marked(blocked)).toEqual([])
    for (const rules of [{ ...blocked, remotes }, up]) {
      expect(marked(rules)).toEqual([
        `meta mark ${TUNNEL_MARK} ip daddr 203.0.113.10 udp dport 53 accept`,
        `meta mark ${TUNNEL_MARK} ip6 daddr 2001:db8::20 tcp dport 443 accept`,
      ])
    }
  })

  it('stops names before everything that leads into the network around', () => {
    for (const rules of every) {
      const allowed = chainOf(rules, 'allowed')
      const stop = allowed.indexOf('meta l4proto { tcp, udp } th dport { 53, 853 } return')
      expect(stop).toBeGreaterThan(0)
      for (const rule of allowed.slice(0, stop)) expect(rule).toMatch(/^oifname "(lo|mystc0)" accept$|^meta mark /)
    }
  })

  it('lets the control endpoints be spoken to by one user, over TCP', () => {
    const control = chainOf(blocked, 'allowed').filter((rule) => /192\.0\.2\.10|2001:db8::10/.test(rule))
    expect(control).toEqual([
      'meta skuid 1000 ip daddr 192.0.2.10 tcp dport 8545 accept',
      'meta skuid 1000 ip6 daddr 2001:db8::10 tcp dport 8883 accept',
    ])
  })

  it('opens the local network only when asked to', () => {
    const local = (rules: GuardRules) =>
      [...chainOf(rules, 'allowed'), ...chainOf(rules, 'inward')].filter(
        (rule) => /192\.168|fc00/.test(rule) && !rule.includes('udp sport 68'),
      )
    for (const rules of [blocked, up]) expect(local(rules)).toEqual([])
    expect(local({ ...up, allowLocalNetwork: true })).toHaveLength(4)
  })

  it('takes the tunnel address, and anything not asked for, from the tunnel alone or not at all', () => {
    const inward = chainOf(up, 'inward')
    expect(inward.slice(1, 5)).toEqual([
      'iifname "lo" accept',
      'iifname != "mystc0" ip daddr 10.9.8.2 counter drop',
      'iifname != "mystc0" ip6 daddr fd00::2 counter drop',
      'iifname "mystc0" ct state { established, related } accept',
    ])
    expect(chainOf(blocked, 'passing').slice(1)).toEqual(['counter'])
  })

  it('redirects names to the server that was chosen', () => {
    const names = (dns: string | undefined, address6: string | undefined) =>
      guardRules({ ...up, tunnel: { device: 'mystc0', address4: '10.9.8.2', address6, dns } }).match(
        /dnat ip6? to \S+/g,
      )
    expect(new Set(names(undefined, 'fd00::2'))).toEqual(new Set(['dnat ip to 9.9.9.9', 'dnat ip6 to 2620:fe::fe']))
    expect(new Set(names('192.0.2.53', 'fd00::2'))).toEqual(new Set(['dnat ip to 192.0.2.53']))
    expect(new Set(names(undefined, undefined))).toEqual(new Set(['dnat ip to 9.9.9.9']))
  })
})

describe('requests about the network', () => {
  const read = (fields: object) => parseRequest(JSON.stringify({ id: 1, verb: 'network-set', ...fields })).read()
  const request = { state: 'blocked', allowLocalNetwork: false, controlEndpoints: blocked.controlEndpoints }

  it('are taken in their form only', () => {
    expect(read(request)).toEqual({ verb: 'network-set', network: request })
    for (const bad of [
      { state: 'tunnel' },
      { state: undefined },
      { allowLocalNetwork: 'no' },
      { controlEndpoints: undefined },
      { controlEndpoints: [{ address: '192.0.2.1; accept', port: 1 }] },
      { controlEndpoints: [{ address: 'fe80::1%eth0', port: 1 }] },
      { controlEndpoints: [{ address: '0.0.0.0/0', port: 1 }] },
      { controlEndpoints: [{ address: '192.0.2.1', port: '1 accept' }] },
      { controlEndpoints: [{ address: '192.0.2.1', port: 0 }] },
      { controlEndpoints: Array(33).fill({ address: '192.0.2.1', port: 1 }) },
    ]) {
      expect(() => read({ ...request, ...bad }), JSON.stringify(bad)).toThrow(/is not what it has to be/)
    }
  })
})

describe('the unit at boot', () => {
  const resource = (name: string) => readFileSync(new URL(`../../resources/linux/${name}`, import.meta.url), 'utf8')

  it('loads the rules of the guard, with no exception for anybody', () => {
    expect(resource('myst-lockdown.nft')).toBe(lockdownRules())
    expect(lockdownRules()).not.toMatch(/skuid|mark/)
    for (const network of [...LOCAL_IPV4, ...LOCAL_IPV6]) {
      const rules = lockdownRules()
        .split('\n')
        .filter((rule) => rule.includes(network))
      // The address from DHCP and the neighbours, nothing more.
      for (const rule of rules) expect(rule).toMatch(/udp sport (68|546|67|547)|icmpv6 type/)
    }
  })

  it('comes before the network, and opens nothing when it is stopped', () => {
    const unit = resource('myst-lockdown.service')
    expect(unit).toMatch(/^Before=network-pre\.target/m)
    expect(unit).toMatch(/^Wants=network-pre\.target/m)
    expect(unit).toMatch(/^DefaultDependencies=no$/m)
    expect(unit).not.toMatch(/^ExecStop/m)
  })
})
