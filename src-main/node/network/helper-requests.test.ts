import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as helper from '../../helper/addresses.ts'
import { createLineReader } from '../../helper/lines.ts'
import { clientConfig, serverConfig } from '../../helper/openvpn-config.ts'
import { parseRequest, type ServerRequest, type TunnelRequest } from '../../helper/requests.ts'
import * as policy from '../services/destination-policy.ts'
import { createAuthority, issueServer } from '../services/openvpn/certificates.ts'
import { encodeStaticKey } from '../services/openvpn/pem.ts'

const authority = await createAuthority(Date.now())
const own = await issueServer(authority, Date.now())
const credentials = { ca: authority.certificate, ...own, tlsCrypt: encodeStaticKey(Buffer.alloc(256, 7)) }
const remote = { address: '203.0.113.10', port: 1194, protocol: 'udp' }
const tunnel = { ...credentials, remotes: [remote], controlAddresses: ['192.0.2.10', '2001:db8::10'] }
const limits = { maxConnections: 2_000, newConnectionsPerSecond: 100, allowMail: false }
const server = { ...credentials, port: 1194, protocol: 'udp', maxSessions: 3, ...limits }

const read = (verb: string, fields: object) => parseRequest(JSON.stringify({ id: 1, verb, ...fields })).read()
const readTunnel = (fields: object = {}): TunnelRequest => {
  const request = read('tunnel-start', { ...tunnel, ...fields })
  if (request.verb !== 'tunnel-start') throw new Error(request.verb)
  return request.tunnel
}
const readServer = (fields: object = {}): ServerRequest => {
  const request = read('server-start', { ...server, ...fields })
  if (request.verb !== 'server-start') throw new Error(request.verb)
  return request.server
}
const context = { device: 'mystc0', management: '/run/myst-helper/1-2/tunnel.sock', group: 'nogroup' }

/** Options that stand outside of an inline block: name and the rest. */
function optionsOf(config: string): string[] {
  let inside: string | undefined
  const options: string[] = []
  for (const line of config.split('\n')) {
    if (inside !== undefined) {
      if (line === `</${inside}>`) inside = undefined
      else expect(line).toMatch(/^(-----(BEGIN|END) [A-Za-z0-9 ]+-----|[A-Za-z0-9+/=]+)$/)
    } else if (/^<[a-z-]+>$/.test(line)) inside = line.slice(1, -1)
    else if (line !== '') options.push(line)
  }
  expect(inside).toBeUndefined()
  return options
}

describe('requests to the helper', () => {
  it('become configurations that run nothing and take nothing over', () => {
    const client = optionsOf(clientConfig(readTunnel(), context))
    expect(client).toContain('script-security 0')
    expect(client).toContain('remote 203.0.113.10 1194 udp4')
    expect(client.indexOf('pull-filter ignore ""')).toBeGreaterThan(client.findIndex((line) => line.includes('accept')))
    const serving = optionsOf(
      serverConfig(readServer(), { ...context, subnet4: '10.99.1.0', subnet6: undefined, dualStack: true }),
    )
    expect(serving).toContain('ccd-exclusive')
    for (const line of [...client, ...serving]) {
      expect(line).not.toMatch(
        /^(up|down|plugin|route-up|tls-verify|client-connect|learn-address|client-to-client|duplicate-cn|config|script-security [1-9])\b/,
      )
    }
  })

  const lines = credentials.ca.split('\n')
  const hostile: Record<string, string> = {
    'an option after the block': `${credentials.ca}plugin /tmp/evil.so\n`,
    'an option before the block': `up /bin/sh\n${credentials.ca}`,
    'an option inside of the block': [lines[0], 'up "/bin/sh -c id"', ...lines.slice(1)].join('\n'),
    'a closing tag': [...lines.slice(0, 2), '</ca>', 'script-security 2', 'up /bin/sh', '<ca>', ...lines.slice(2)].join(
      '\n',
    ),
    'two certificates': credentials.ca + credentials.ca,
    'bytes after the certificate': credentials.ca.replace(
      /\n-----END/,
      `\n${Buffer.alloc(48).toString('base64')}\n-----END`,
    ),
    'a NUL': credentials.ca.replace('\n', '\n\0'),
    'no PEM': 'hello',
    'base64 of something else': `-----BEGIN CERTIFICATE-----\n${Buffer.from('hello world').toString('base64')}\n-----END CERTIFICATE-----\n`,
    'another label': credentials.ca.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'),
    'too long': `-----BEGIN CERTIFICATE-----\n${'A'.repeat(40_000)}\n-----END CERTIFICATE-----\n`,
    nothing: '',
  }
  it.each(Object.entries(hostile))('refuse a certificate field with %s', (_, text) => {
    for (const key of ['ca', 'certificate']) expect(() => readTunnel({ [key]: text })).toThrow(`${key} is not`)
  })

  it.each([
    ['an option after it', `${credentials.tlsCrypt}up /bin/sh\n`],
    ['a tag inside', credentials.tlsCrypt.replace('\n07', '\n</tls-crypt>\nup x\n07')],
    ['half of it', credentials.tlsCrypt.replaceAll(/(07){8}/g, '')],
    ['no hexadecimal', credentials.tlsCrypt.replaceAll('07', '0g')],
  ])('refuse a static key with %s', (_, tlsCrypt) => {
    expect(() => readTunnel({ tlsCrypt })).toThrow('tlsCrypt')
  })

  it('refuse a private key that is not on P-256, or no key', () => {
    const pem = { type: 'pkcs8', format: 'pem' } as const
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export(pem)
    for (const privateKey of [other, credentials.ca, 'x', 7])
      expect(() => readTunnel({ privateKey })).toThrow('privateKey')
  })

  it.each([
    ['a name', { ...remote, address: 'example.com' }],
    ['a zone', { ...remote, address: 'fe80::1%eth0' }],
    ['a line break', { ...remote, address: '203.0.113.10\nup /bin/sh' }],
    ['an option as port', { ...remote, port: '1194 udp\nup x' }],
    ['port 0', { ...remote, port: 0 }],
    ['a fraction', { ...remote, port: 1.5 }],
    ['another protocol', { ...remote, protocol: 'udp4\nup x' }],
    ['a list', []],
  ])('refuse a remote with %s', (_, bad) => {
    expect(() => readTunnel({ remotes: [bad] })).toThrow(/is not what it has to be/)
  })

  it('refuse too many of anything, and what is not there', () => {
    expect(() => readTunnel({ remotes: Array(5).fill(remote) })).toThrow('remotes')
    expect(() => readTunnel({ remotes: [] })).toThrow('remotes')
    expect(() => readTunnel({ controlAddresses: Array(33).fill('192.0.2.1') })).toThrow('controlAddresses')
    expect(() => readTunnel({ controlAddresses: ['192.0.2.1/0'] })).toThrow('controlAddresses')
    expect(() => readTunnel({ controlAddresses: undefined })).toThrow('controlAddresses')
    expect(() => readServer({ maxSessions: 251 })).toThrow('maxSessions')
    for (const kbps of [-1, 0, 0.5, 1e9, '8']) {
      expect(() => readServer({ bandwidthKbps: kbps })).toThrow('bandwidthKbps')
      expect(() => readServer({ totalBandwidthKbps: kbps })).toThrow('totalBandwidthKbps')
    }
    expect(read('tunnel-mtu', { mtu: 1_280 })).toEqual({ verb: 'tunnel-mtu', mtu: 1_280 })
    for (const mtu of [1_279, 1_501, 1_300.5, '1280', undefined])
      expect(() => read('tunnel-mtu', { mtu })).toThrow('mtu')
    // What protects the provider is never left out by accident.
    expect(() => readServer({ maxConnections: undefined })).toThrow('maxConnections')
    expect(() => readServer({ newConnectionsPerSecond: 0 })).toThrow('newConnectionsPerSecond')
    expect(() => readServer({ allowMail: 'no' })).toThrow('allowMail')
    expect(() => readServer({ publicAddress: '203.0.113.1; flush ruleset' })).toThrow('publicAddress')
    expect(() => read('server-kill', { commonName: 'a b' })).toThrow('commonName')
    expect(() => read('server-admit', { commonName: '../up' })).toThrow('commonName')
    expect(() => read('run', {})).toThrow('verb')
    for (const frame of ['', 'null', '[]', '{}', '{"id":"1"}', '{"id":-1}']) expect(() => parseRequest(frame)).toThrow()
  })

  it('never bring a text of a stranger into a configuration, whatever it is', () => {
    const anywhere = fc.constantFrom('ca', 'certificate', 'privateKey', 'tlsCrypt')
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[\n\r -~]{0,60}$/))
    const known = new Set(optionsOf(clientConfig(readTunnel(), context)))
    fc.assert(
      fc.property(anywhere, text, fc.nat(1_000), (key, inserted, at) => {
        const whole = credentials[key as keyof typeof credentials]
        let request: TunnelRequest
        try {
          request = readTunnel({ [key]: whole.slice(0, at) + inserted + whole.slice(at) })
        } catch {
          return
        }
        for (const option of optionsOf(clientConfig(request, context))) expect(known).toContain(option)
        expect(request).toMatchObject(credentials)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the line reader', () => {
  it('puts lines together however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-zä€]{0,20}$/)),
        fc.array(fc.integer({ min: 1, max: 9 })),
        (texts, cuts) => {
          const seen: string[] = []
          const feed = createLineReader(
            100,
            (line) => seen.push(line),
            () => expect.unreachable(),
          )
          let rest = Buffer.from(texts.map((text) => `${text}\n`).join(''))
          for (let step = 0; rest.length > 0; step++) {
            const size = cuts[step % Math.max(1, cuts.length)] ?? 3
            feed(rest.subarray(0, size))
            rest = rest.subarray(size)
          }
          expect(seen).toEqual(texts)
        },
      ),
    )
  })

  it('gives up on a line without end, and on everything after it', () => {
    const seen: string[] = []
    let given = 0
    const feed = createLineReader(
      10,
      (line) => seen.push(line),
      () => given++,
    )
    feed(Buffer.from('good\n12345678'))
    feed(Buffer.from('901'))
    feed(Buffer.from('\nlater\n'))
    expect([seen, given]).toEqual([['good'], 1])
  })
})

it('the helper refuses the same destinations as the other service types', () => {
  const { REFUSED_IPV4, REFUSED_IPV6, PUBLIC_IPV6, CLOSED_PORTS } = policy
  expect(helper).toMatchObject({ REFUSED_IPV4, REFUSED_IPV6, PUBLIC_IPV6, CLOSED_PORTS })
})
