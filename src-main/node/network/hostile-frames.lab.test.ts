import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPossibleRemote } from '../../helper/addresses.ts'
import { admitClient, forgetConnections, ownNetworkRules, removeClient, serverRules } from '../../helper/firewall.ts'
import { guardRules } from '../../helper/guard.ts'
import { createLineReader } from '../../helper/lines.ts'
import { clientConfig, serverConfig } from '../../helper/openvpn-config.ts'
import { createRequestReader, MAX_FRAME, parseRequest, type Request } from '../../helper/requests.ts'
import { directRoute } from '../../helper/routes.ts'
import { shaperAdd, shaperStart } from '../../helper/shaper.ts'
import { createAuthority, issueServer } from '../services/openvpn/certificates.ts'
import { encodeStaticKey } from '../services/openvpn/pem.ts'
import { checkAddress, checkArguments, checkConfig, checkQueue, checkRules } from '../testing/generated-text.ts'
import { alteredBytes, alteredJson, hostileText, hostileValue, tryCases, type Verdict } from '../testing/hostile.ts'

/** Times more cases in `npm run test:deep`. */
const TIMES = process.env.DEEP === '1' ? 15 : 1

const authority = await createAuthority(Date.now())
const own = await issueServer(authority, Date.now())
const credentials = { ca: authority.certificate, ...own, tlsCrypt: encodeStaticKey(Buffer.alloc(256, 7)) }
const remotes = [
  { address: '203.0.113.10', port: 1194, protocol: 'udp' },
  { address: '2001:db8::10', port: 443, protocol: 'tcp' },
]
const tunnel = {
  id: 1,
  verb: 'tunnel-start',
  ...credentials,
  remotes,
  controlAddresses: ['192.0.2.10'],
  dns: '9.9.9.9',
}
const limits = { bandwidthKbps: 8_000, totalBandwidthKbps: 16_000, maxConnections: 2_000, newConnectionsPerSecond: 100 }
const server = {
  ...{ id: 2, verb: 'server-start', ...credentials, ...limits, port: 1194, protocol: 'udp', maxSessions: 3 },
  ...{ allowMail: false, publicAddress: '203.0.113.10' },
}
const controlEndpoints = [
  { address: '192.0.2.10', port: 8545 },
  { address: '2001:db8:1::10', port: 8883 },
]
const network = {
  ...{ id: 3, verb: 'network-set', state: 'blocked', allowLocalNetwork: true },
  ...{ controlEndpoints, resolver: '9.9.9.9' },
}
const small = [
  { id: 4, verb: 'status' },
  { id: 5, verb: 'network-state' },
  { id: 6, verb: 'tunnel-stop' },
  { id: 7, verb: 'server-stop' },
  { id: 8, verb: 'tunnel-mtu', mtu: 1_400 },
  { id: 8, verb: 'server-admit', commonName: 'session-1' },
  { id: 9, verb: 'server-traffic', commonName: 'session-1' },
  { id: 10, verb: 'server-kill', commonName: 'session_1' },
]

/** Made with `openssl req -x509 -newkey ed25519`. */
const ED25519 = `-----BEGIN CERTIFICATE-----
MIIBPjCB8aADAgECAhQt4BEgIcFAtKJgtBHZ3PhUshDLRzAFBgMrZXAwFDESMBAG
A1UEAwwJYXV0aG9yaXR5MCAXDTI2MTEyMTE1MTc0NFoYDzIxMjYxMDI4MTUxNzQ0
WjAUMRIwEAYDVQQDDAlhdXRob3JpdHkwKjAFBgMrZXADIQD+EkB/aFyR+flEOpFw
RIpKdnuTY3/s9rciY05aVp1QQaNTMFEwHQYDVR0OBBYEFP+8dqYLWoC5cIwY/e2h
1OhFaprHMB8GA1UdIwQYMBaAFP+8dqYLWoC5cIwY/e2h1OhFaprHMA8GA1UdEwEB
/wQFMAMBAf8wBQYDK2VwA0EA1FaO1v+PiFBkcfHUIdyPYwokRgu7UAQlKSdiPeBt
6axCRdLLv93lqUIKj0Rfttzb9Lbv7onMvZ3uUSfLmw9TDw==
-----END CERTIFICATE-----
`

const guarded = { device: 'mystc0', address4: '10.99.1.2', address6: 'fd12:3456:789a:1::2' }
const addresses = { subnet4: '10.99.1.0', subnet6: 'fd12:3456:789a:1::' }
const client = { number: 2, address4: '10.99.1.2', address6: 'fd12:3456:789a:1::2' }
const context = (name: string) => ({
  device: name === 'tunnel' ? 'mystc0' : 'mysts0',
  management: `/run/myst-helper/12-345/${name}.sock`,
  group: 'nogroup',
})

/** Everything that the helper would write for a program because of this request. */
function checkWritten(request: Request): void {
  switch (request.verb) {
    case 'tunnel-start': {
      const { tunnel } = request
      checkConfig(clientConfig(tunnel, context('tunnel')))
      const rules = { user: 1000, allowLocalNetwork: true, controlEndpoints: [] }
      checkRules(guardRules({ ...rules, remotes: tunnel.remotes, tunnel: { ...guarded, dns: tunnel.dns } }))
      for (const address of [...tunnel.remotes.map((remote) => remote.address), ...tunnel.controlAddresses]) {
        checkAddress(address)
        checkArguments(directRoute(address, [{ dst: address, gateway: '198.51.100.1', dev: 'eth0' }])?.args ?? [])
      }
      return
    }
    case 'server-start': {
      const { server } = request
      for (const dualStack of [true, false])
        checkConfig(serverConfig(server, { ...context('server'), ...addresses, dualStack }))
      const rules = {
        ...{ table: 'myst_12_345', device: 'mysts0', ...addresses, publicAddress: server.publicAddress },
        ...{ bytesPerSecond: server.bandwidthKbps, totalBytesPerSecond: server.totalBandwidthKbps },
        maxConnections: server.maxConnections,
        newConnectionsPerSecond: server.newConnectionsPerSecond,
        allowMail: server.allowMail,
      }
      checkRules(serverRules(rules))
      const { bandwidthKbps: perClient, totalBandwidthKbps: total, maxSessions: maxClients } = server
      checkQueue(
        shaperStart('mysts0', { perClient, total, maxClients }) +
          shaperAdd('mysts0', 2, { perClient, total, maxClients }),
      )
      return
    }
    case 'network-set': {
      const { allowLocalNetwork, controlEndpoints, resolver } = request.network
      const rules = { user: 1000, allowLocalNetwork, controlEndpoints, resolver }
      checkRules(guardRules({ ...rules, remotes: [], tunnel: undefined }))
      checkRules(guardRules({ ...rules, remotes: [], tunnel: { ...guarded, dns: undefined } }))
      return
    }
    case 'server-admit':
    case 'server-traffic':
    case 'server-kill':
      // A file's name, and an argument of OpenVPN's `kill`.
      expect(request.commonName).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
  }
}

function judge(line: string): Verdict {
  let request: Request
  try {
    request = parseRequest(line).read()
  } catch (error) {
    // Our own sentence with a field's name in it, and nothing of what was sent.
    expect(error).toMatchObject({
      name: 'BadRequest',
      message: expect.stringMatching(/^The helper refused a request: [A-Za-z ]{1,24} is not what it has to be\.$/),
    })
    return 'refused'
  }
  checkWritten(request)
  return 'accepted'
}

/** As they come through the socket, in pieces. */
function judgeBytes(bytes: Buffer): Verdict {
  let verdict: Verdict = 'refused'
  const read = createLineReader(
    MAX_FRAME,
    (line) => {
      expect(line.length).toBeLessThanOrEqual(MAX_FRAME)
      if (judge(line) === 'accepted') verdict = 'accepted'
    },
    () => undefined,
  )
  const piece = Math.ceil(bytes.length / 3)
  for (let at = 0; at < bytes.length; at += piece) read(bytes.subarray(at, at + piece))
  return verdict
}

describe('a frame to the helper', () => {
  it('that is right is taken, and what is written for it is known', () => {
    for (const frame of [tunnel, server, network, ...small]) expect(judge(JSON.stringify(frame))).toBe('accepted')
    checkRules(ownNetworkRules('myst_12_345', { ipv4: ['192.0.2.0/24'], ipv6: ['2001:db8::/64'] }))
    for (const rules of [admitClient, removeClient, forgetConnections]) checkRules(rules('myst_12_345', client))
  })

  it('is seen through by these checks when something else is in what is written', () => {
    const request = parseRequest(JSON.stringify(tunnel)).read()
    if (request.verb !== 'tunnel-start') throw new Error(request.verb)
    const config = clientConfig(request.tunnel, context('tunnel'))
    for (const [wrong, right] of [
      ['verb 3\nup /bin/sh\n', 'verb 3\n'],
      ['script-security 2', 'script-security 0'],
      ['</ca>\nplugin x\n<ca>\n', '</ca>\n'],
      ['203.0.113.10 1194 udp4\nlog /etc/x', '203.0.113.10 1194 udp4'],
      ['-----END CERTIFICATE-----\nup x', '-----END CERTIFICATE-----'],
      ['pull-filter accept ""', 'pull-filter ignore ""'],
    ] as const) {
      expect(config).toContain(right)
      expect(() => checkConfig(config.replace(right, wrong)), wrong).toThrow()
    }
    for (const rules of ['flush ruleset', 'ip daddr 1.2.3.4;id', 'include "/etc/x"', 'ip daddr fe80::1%eth0'])
      expect(() => checkRules(rules), rules).toThrow()
    expect(() => checkArguments(['1.2.3.4/32', 'dev', 'eth0', '-batch', '/etc/x'])).toThrow()
  })

  it('has its addresses written in the one usual notation, so that none passes by a list', () => {
    for (const [address, usual, isPossible] of [
      ['0:0:0:0:0:ffff:7f00:1', '::ffff:127.0.0.1', false],
      ['0::ffff:203.0.113.10', '::ffff:203.0.113.10', false],
      ['2001:DB8:0:0::1', '2001:db8::1', true],
    ] as const) {
      const line = JSON.stringify({ ...tunnel, remotes: [{ ...remotes[0], address }], controlAddresses: [address] })
      const request = parseRequest(line).read()
      if (request.verb !== 'tunnel-start') throw new Error(request.verb)
      expect(request.tunnel).toMatchObject({ remotes: [{ address: usual }], controlAddresses: [usual] })
      expect(isPossibleRemote(usual)).toBe(isPossible)
    }
  })

  it('is refused when it was sent before, or in the place of a later one', () => {
    const read = createRequestReader()
    for (const id of [0, 1, 7]) expect(read(JSON.stringify({ ...network, id })).id).toBe(id)
    for (const id of [7, 1, 0, 6]) expect(() => read(JSON.stringify({ ...network, id }))).toThrow('id is not')
    expect(read(JSON.stringify({ ...network, id: 8 })).id).toBe(8)
  })

  it('is refused with a certificate whose key is of another kind', () => {
    const line = JSON.stringify({ ...tunnel, ca: ED25519 })
    expect(() => parseRequest(line).read()).toThrow('ca is not')
  })

  it.each([
    ['tunnel-start', tunnel, 1_500],
    ['server-start', server, 1_000],
    ['network-set', network, 1_000],
  ])(
    '%s is refused by the name of a field, or written down as it may be',
    async (verb, frame, count) => {
      await tryCases(`helper frames, ${verb}`, count * TIMES, alteredJson(frame), judge)
    },
    600_000,
  )

  it('of another verb or of no form is refused too', async () => {
    const verbs = fc.oneof(...small.map((frame) => alteredJson(frame)))
    const anything = fc.oneof(
      hostileText,
      hostileValue.map((value) => JSON.stringify(value)),
      fc.tuple(hostileText, hostileValue).map(([verb, value]) => JSON.stringify({ id: 1, verb, value })),
    )
    await tryCases('helper frames, other verbs', 800 * TIMES, fc.oneof(verbs, anything), judge)
  }, 600_000)

  it('as bytes that were changed on the way is refused too', async () => {
    const whole = (frame: object) => Buffer.from(`${JSON.stringify(frame)}\n`)
    const bytes = fc.oneof(...[tunnel, server, network].map((frame) => alteredBytes(whole(frame))))
    await tryCases('helper frames, changed bytes', 500 * TIMES, bytes, judgeBytes)
  }, 600_000)

  it('that is as large or deep as can be is refused at once', () => {
    const deep = (levels: number) => `{"id":1,"verb":"status","a":${'['.repeat(levels)}${']'.repeat(levels)}}\n`
    expect(judgeBytes(Buffer.from(deep(40_000)))).toBe('accepted')
    for (const frame of [deep(200_000), '['.repeat(MAX_FRAME - 1), '{"a":'.repeat(15_000), '"'.repeat(5_000_000)])
      expect(judgeBytes(Buffer.from(`${frame}\n`))).toBe('refused')
  })
})

it("the kernel's answer to a question for a route becomes arguments of known form, or none", async () => {
  const found = { dst: '203.0.113.10', gateway: '198.51.100.1', via: { family: 'inet6', host: 'fe80::1' }, dev: 'eth0' }
  const answers = alteredJson([found])
  await tryCases('answers of ip route get', 500 * TIMES, answers, (text) => {
    let answer: unknown
    try {
      answer = JSON.parse(text)
    } catch {
      return 'refused'
    }
    const route = directRoute('203.0.113.10', answer)
    checkArguments(route?.args ?? [])
    return route ? 'accepted' : 'refused'
  })
}, 600_000)
