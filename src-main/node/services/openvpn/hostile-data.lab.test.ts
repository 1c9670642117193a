import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { expect, it } from 'vitest'
import { MystError } from '#shared/errors/myst-error.ts'
import { clientConfig } from '../../../helper/openvpn-config.ts'
import { parseRequest } from '../../../helper/requests.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { Privilege, TunnelStart } from '../../ports/privilege.ts'
import { checkConfig, checkPem } from '../../testing/generated-text.ts'
import { altered, alteredJson, tryCases, type Verdict } from '../../testing/hostile.ts'
import { providerData as socksData } from '../socks/session-data.ts'
import { createAuthority, issueClient } from './certificates.ts'
import { createOpenVpnConsumer } from './consumer.ts'
import { decodePem, encodeStaticKey } from './pem.ts'
import { providerData } from './session-data.ts'

/** Times more cases in `npm run test:deep`. */
const TIMES = process.env.DEEP === '1' ? 15 : 1

const remotes = [
  { address: '203.0.113.10', port: 1194, protocol: 'udp' },
  { address: '2001:db8::10', port: 443, protocol: 'tcp' },
]
const authority = await createAuthority(Date.now())
const asked: TunnelStart[] = []
/** Keeps what is asked of the helper, and gives it to the helper's own reader. */
const privilege = new Proxy({} as Privilege, {
  get: (_, verb) => (request: TunnelStart) => {
    if (verb === 'onEvent') return () => undefined
    if (verb === 'tunnelStart') {
      asked.push(request)
      return Promise.reject(new MystError('Kept', 'Nothing is started here.'))
    }
    return Promise.resolve()
  },
})
const guard = { block: async () => [], open: async () => undefined, stands: undefined, onChange: () => () => undefined }
const consumer = await createOpenVpnConsumer(
  { privilege, guard: guard as never, log: silentLogger },
  { controlEndpoints: [] },
)
const { certificateRequest } = consumer.request() as { certificateRequest: string }
const certificate = await issueClient(
  authority,
  decodePem(certificateRequest, 'CERTIFICATE REQUEST') ?? Buffer.alloc(0),
  'session-1',
  Date.now(),
)
const good = {
  version: 1,
  remotes,
  ca: authority.certificate,
  certificate: certificate ?? '',
  tlsCrypt: encodeStaticKey(Buffer.alloc(256, 7)),
}

/** What the other side's words became, or that they were refused. Never throws itself. */
function judgeData(data: unknown): Verdict {
  const parsed = providerData.safeParse(data)
  if (!parsed.success) return 'refused'
  const { remotes, ca, certificate, tlsCrypt, ...rest } = parsed.data
  expect(rest).toEqual({ version: 1 })
  for (const text of [ca, certificate]) checkPem(text, 'CERTIFICATE')
  checkPem(tlsCrypt, 'OpenVPN Static key V1')
  for (const { address, port, protocol } of remotes) {
    expect(isIP(address) > 0 && !address.includes('%')).toBe(true)
    expect(Number.isInteger(port) && port >= 1 && port <= 65_535).toBe(true)
    expect(['udp', 'tcp']).toContain(protocol)
  }
  for (const text of [ca, certificate])
    expect(new X509Certificate(text).publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
  return 'accepted'
}

it('what a provider says is taken in its form or not at all', async () => {
  expect(judgeData(good)).toBe('accepted')
  await tryCases('session data for OpenVPN', 2_000 * TIMES, altered(good), judgeData)
}, 600_000)

it("the consumer's half refuses it in a sentence, or asks the helper for nothing that the helper would refuse", async () => {
  const start = (data: unknown) => consumer.start(data as never, new AbortController().signal)
  await expect(start(good)).rejects.toMatchObject({ name: 'Kept' })
  await tryCases('session data given to a consumer', 1_000 * TIMES, alteredJson(good), async (text) => {
    let data: unknown
    try {
      data = JSON.parse(text)
    } catch {
      return 'refused'
    }
    asked.length = 0
    const failure = await start(data).then(
      () => expect.unreachable(),
      (error: unknown) => error,
    )
    if (asked.length === 0) {
      expect(failure).toMatchObject({ name: 'ServiceDataInvalid', message: expect.stringMatching(/^[A-Za-z'; ]+\.$/) })
      return 'refused'
    }
    expect(failure).toMatchObject({ name: 'Kept' })
    const request = parseRequest(JSON.stringify({ id: 1, verb: 'tunnel-start', ...asked[0] })).read()
    if (request.verb !== 'tunnel-start') throw new Error(request.verb)
    const management = '/run/myst-helper/12-345/tunnel.sock'
    checkConfig(clientConfig(request.tunnel, { device: 'mystc0', management, group: 'nogroup' }))
    return 'accepted'
  })
}, 600_000)

it('what a SOCKS provider says is an address or a name, a port and a fingerprint', async () => {
  const data = { version: 1, address: '203.0.113.10', port: 1080, fingerprint: 'ab'.repeat(32) }
  const judge = (value: unknown): Verdict => {
    const parsed = socksData.safeParse(value)
    if (!parsed.success) return 'refused'
    const { address, ...rest } = parsed.data
    expect(Object.keys(rest).sort()).toEqual(['fingerprint', 'port', 'version'])
    expect(rest.fingerprint).toMatch(/^[0-9a-f]{64}$/)
    // A name whose last part could be a number is read as an address by some, each in its own way.
    if (isIP(address) === 0)
      expect(address).toMatch(/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z][a-z0-9-]*$/i)
    else expect(address).not.toContain('%')
    return 'accepted'
  }
  for (const address of ['203.0.113.10', '2001:db8::1', '::1', 'localhost', 'a.example', 'xn--bcher-kva.example'])
    expect(judge({ ...data, address }), address).toBe('accepted')
  for (const address of ['0x7f.1', '0177.0.0.1', '2130706433', '1.2.3', 'a:b', 'fe80::1%eth0', '-x', 'a..b', '/tmp/x'])
    expect(judge({ ...data, address }), address).toBe('refused')
  await tryCases('session data for SOCKS', 1_500 * TIMES, altered(data), judge)
}, 600_000)
