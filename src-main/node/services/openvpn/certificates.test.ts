import 'reflect-metadata'
import { type webcrypto, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { afterEach, describe, expect, it } from 'vitest'
import { createAuthority, createRequest, issueClient, issueServer } from './certificates.ts'
import { createKeysFile } from './keys-file.ts'
import { decodePem, encodeStaticKey } from './pem.ts'
import { consumerData, providerData } from './session-data.ts'

const now = Date.now()
const authority = await createAuthority(now)
const { request, privateKey } = await createRequest()
const der = (pem: string) => decodePem(pem, 'CERTIFICATE REQUEST') ?? Buffer.alloc(0)

describe('certificates of a session', () => {
  it('hold the key of the request, the session and nothing else of the request', async () => {
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
    const greedy = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=another-session, O=Root',
      keys: keys as webcrypto.CryptoKeyPair,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [
        new x509.BasicConstraintsExtension(true, 5, true),
        new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1']),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'evil.example' }]),
      ],
    })
    const pem = await issueClient(authority, new Uint8Array(greedy.rawData), 'session-1', now)
    const certificate = new X509Certificate(pem ?? '')
    expect(certificate.subject).toBe('CN=session-1')
    expect(certificate.ca).toBe(false)
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(certificate.subjectAltName).toBeUndefined()
    expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true)
    expect(Date.parse(certificate.validTo) - now).toBeLessThanOrEqual(86_400_000)
    const spki = Buffer.from(await crypto.subtle.exportKey('spki', (keys as webcrypto.CryptoKeyPair).publicKey))
    expect(certificate.publicKey.export({ type: 'spki', format: 'der' }).equals(spki)).toBe(true)
  })

  it('are not made for another curve, a wrong signature or what is no request', async () => {
    for (const namedCurve of ['P-384', 'P-521']) {
      const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify'])
      const other = await x509.Pkcs10CertificateRequestGenerator.create({
        name: 'CN=session',
        keys: keys as webcrypto.CryptoKeyPair,
        signingAlgorithm: { name: 'ECDSA', hash: 'SHA-384' },
      })
      expect(await issueClient(authority, new Uint8Array(other.rawData), 'session-1', now)).toBeUndefined()
    }
    const good = der(request)
    expect(await issueClient(authority, good, 'session-1', now)).toBeDefined()
    for (const index of [30, good.length - 5]) {
      const changed = Buffer.from(good)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(await issueClient(authority, changed, 'session-1', now)).toBeUndefined()
    }
    expect(await issueClient(authority, Buffer.from('hello'), 'session-1', now)).toBeUndefined()
    expect(await issueClient(authority, Buffer.alloc(0), 'session-1', now)).toBeUndefined()
  })

  it('of a server are for servers only', async () => {
    const { certificate } = await issueServer(authority, now)
    expect(new X509Certificate(certificate).keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  })
})

describe('session data', async () => {
  const certificate = (await issueClient(authority, der(request), 'session-1', now)) ?? ''
  const tlsCrypt = encodeStaticKey(Buffer.alloc(256, 1))
  const remotes = [{ address: '203.0.113.10', port: 1194, protocol: 'udp' }]
  const good = { version: 1, remotes, ca: authority.certificate, certificate, tlsCrypt }

  it('of both sides is taken as it is written here', () => {
    expect(providerData.parse(good)).toEqual(good)
    expect(
      consumerData.parse({ version: 1, certificateRequest: request }).certificateRequest.equals(der(request)),
    ).toBe(true)
    // Another way to write the same is written anew.
    expect(providerData.parse({ ...good, ca: good.ca.replaceAll('\n', '\r\n') })).toEqual(good)
  })

  it.each([
    ['an option in a certificate', { ca: `${authority.certificate}up /bin/sh\n` }],
    ['a closing tag', { certificate: certificate.replace('\n', '\n</cert>\nplugin x\n<cert>\n') }],
    ['no PEM', { ca: 'x' }],
    ['a huge field', { ca: 'A'.repeat(10_000_000) }],
    ['a private key instead', { ca: privateKey }],
    ['a static key with more', { tlsCrypt: `${tlsCrypt}up x` }],
    ['no remotes', { remotes: [] }],
    ['a name as remote', { remotes: [{ ...remotes[0], address: 'localhost' }] }],
    ['an option as remote', { remotes: [{ ...remotes[0], address: '1.2.3.4 1 udp\nup x' }] }],
    ['a zone', { remotes: [{ ...remotes[0], address: 'fe80::1%eth0' }] }],
    ['another version', { version: 2 }],
  ])('of a provider is refused with %s', (_, change) => {
    expect(providerData.safeParse({ ...good, ...change }).success).toBe(false)
  })

  it.each([['x'], [authority.certificate], [`${request}${request}`], ['A'.repeat(5_000_000)], [undefined], [{}]])(
    'of a consumer is refused when it is no request',
    (certificateRequest) => {
      expect(consumerData.safeParse({ version: 1, certificateRequest }).success).toBe(false)
    },
  )
})

describe("a provider's keys", () => {
  const dirs: string[] = []
  afterEach(() => {
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true })
  })
  const directory = () => {
    const dir = mkdtempSync(join(tmpdir(), 'openvpn-keys-'))
    dirs.push(dir)
    return join(dir, 'openvpn')
  }

  it('stay the same, and nobody else can read them', async () => {
    const dir = directory()
    const first = await createKeysFile(dir).open(now, 1194)
    createKeysFile(dir).setPort(4000)
    const second = await createKeysFile(dir).open(now, 1194)
    expect(second).toMatchObject({ tlsCrypt: first.tlsCrypt, port: 4000 })
    expect(second.authority.certificate).toBe(first.authority.certificate)
    const issued = await issueServer(second.authority, now)
    const ca = new X509Certificate(first.authority.certificate)
    expect(new X509Certificate(issued.certificate).verify(ca.publicKey)).toBe(true)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    expect(statSync(join(dir, 'openvpn.json')).mode & 0o777).toBe(0o600)
  })

  it('are not replaced silently when they cannot be read', async () => {
    const dir = directory()
    await createKeysFile(dir).open(now, 1194)
    const file = join(dir, 'openvpn.json')
    const whole = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    for (const content of ['{', JSON.stringify({ ...whole, certificate: (await createAuthority(now)).certificate })]) {
      writeFileSync(file, content)
      await expect(createKeysFile(dir).open(now, 1194)).rejects.toMatchObject({ name: 'ServiceKeysUnreadable' })
    }
  })
})
