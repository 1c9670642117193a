import { describe, expect, it } from 'vitest'
import { type GuardRules, guardRules } from './guard.ts'
import { parseRequest } from './requests.ts'

const tunnel = { device: 'mystc0', address4: '10.9.8.2', address6: 'fd00::2', dns: '192.0.2.53' }
const base: GuardRules = { user: 1000, allowLocalNetwork: true, controlEndpoints: [], remotes: [], tunnel }
const rules = (resolver: string | undefined, more: Partial<GuardRules> = {}) =>
  guardRules({ ...base, ...more, resolver })
    .split('\n')
    .map((line) => line.trim())
const redirects = (lines: string[]) => lines.filter((line) => / dnat ip6? to /.test(line))

describe('a resolver that a person chose', () => {
  it.each([
    ['1.1.1.1', 'ip', 'ipv4', 'ipv6'],
    ['2606:4700::1111', 'ip6', 'ipv6', 'ipv4'],
  ])('%s is asked instead of everybody, and nobody is in the other family', (resolver, family, own, other) => {
    const lines = rules(resolver)
    const names = 'meta l4proto { tcp, udp } th dport 53'
    expect(redirects(lines)).toEqual([
      `meta nfproto ${own} oifname != { "lo", "mystc0" } ${names} dnat ${family} to ${resolver}`,
      `meta nfproto ${own} oifname "mystc0" ${family} daddr != ${resolver} ${names} dnat ${family} to ${resolver}`,
    ])
    // Before the tunnel is let through.
    const stop = lines.indexOf(`oifname "mystc0" meta nfproto ${other} ${names} return`)
    expect(stop).toBeGreaterThan(0)
    expect(stop).toBeLessThan(lines.indexOf('oifname "mystc0" accept'))
  })

  it('comes before the usual one, and leaves no rule without a tunnel', () => {
    expect(redirects(rules(undefined)).every((line) => line.endsWith('192.0.2.53'))).toBe(true)
    expect(redirects(rules('1.1.1.1')).every((line) => line.endsWith('1.1.1.1'))).toBe(true)
    const blocked = { tunnel: undefined }
    expect(rules('1.1.1.1', blocked)).toEqual(rules(undefined, blocked))
  })

  it('is an address and nothing more', () => {
    const read = (resolver: unknown) => {
      const fields = { id: 1, verb: 'network-set', state: 'blocked', allowLocalNetwork: false, controlEndpoints: [] }
      return parseRequest(JSON.stringify({ ...fields, resolver })).read()
    }
    expect(read('1.1.1.1')).toMatchObject({ network: { resolver: '1.1.1.1' } })
    expect(read(undefined)).not.toHaveProperty('network.resolver')
    for (const bad of ['1.1.1.1 accept', 'fe80::1%eth0', '', 'dns.example', 1, null]) {
      expect(() => read(bad), String(bad)).toThrow(/is not what it has to be/)
    }
  })
})
