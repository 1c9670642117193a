// tsyringe, which @peculiar/x509 brings along, needs this first.
import 'reflect-metadata'
import { KeyObject, randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

import { encodePem, isOneSequence } from './pem.ts'

/**
 * The small authority that each provider is for its own OpenVPN: P-256 throughout. The consumer makes
 * its key and sends a request; what the provider signs holds that key, the session's id and nothing
 * else of the request.
 */
export type Authority = { certificate: string; keys: webcrypto.CryptoKeyPair }
export type Issued = { certificate: string; privateKey: string }

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000
/** The same for everybody: a name would tell nodes apart on the wire for nothing. */
const AUTHORITY = 'CN=authority'
const SERVER = 'CN=tunnel'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

export async function createAuthority(nowMs: number): Promise<Authority> {
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: AUTHORITY,
      serialNumber: serialNumber(),
      keys,
      signingAlgorithm: ALGORITHM,
      ...validity(nowMs, 3650),
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    },
    webcrypto,
  )
  return { certificate: pemOf(certificate), keys }
}

/** The authority out of what `exportKey` and `certificate` gave. Throws when they do not fit together. */
export async function loadAuthority(certificate: string, privateKeyPem: string): Promise<Authority> {
  const parsed = new x509.X509Certificate(certificate)
  const publicKey = await parsed.publicKey.export(ALGORITHM, ['verify'], webcrypto)
  const der = Buffer.from(privateKeyPem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign'])
  const probe = randomBytes(32)
  const signature = await webcrypto.subtle.sign(ALGORITHM, privateKey, probe)
  if (!(await webcrypto.subtle.verify(ALGORITHM, publicKey, signature, probe)))
    throw new Error('key and certificate differ')
  return { certificate, keys: { publicKey, privateKey } }
}

export function exportKey(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString()
}

export async function issueServer(authority: Authority, nowMs: number): Promise<Issued> {
  const keys = await generateKeys()
  const certificate = await issue(authority, keys.publicKey, SERVER, SERVER_AUTH, validity(nowMs, 3650))
  return { certificate, privateKey: exportKey(keys.privateKey) }
}

/**
 * A client certificate for one session, valid for a day, out of a request in DER. Undefined when it is
 * no request, its signature is wrong or its key is not on P-256.
 */
export async function issueClient(
  authority: Authority,
  request: Uint8Array,
  sessionId: string,
  nowMs: number,
): Promise<string | undefined> {
  if (!isOneSequence(request)) return undefined
  let publicKey: webcrypto.CryptoKey
  try {
    const parsed = new x509.Pkcs10CertificateRequest(new Uint8Array(request))
    const { name, namedCurve } = parsed.publicKey.algorithm as { name: string; namedCurve?: string }
    if (name !== 'ECDSA' || namedCurve !== 'P-256' || !(await parsed.verify(webcrypto))) return undefined
    publicKey = await parsed.publicKey.export(ALGORITHM, ['verify'], webcrypto)
  } catch {
    return undefined
  }
  const times = { notBefore: new Date(nowMs - DAY_MS / 24), notAfter: new Date(nowMs + DAY_MS) }
  return issue(authority, publicKey, `CN=${sessionId}`, CLIENT_AUTH, times)
}

/** A key pair of the consumer's for one session, with the request for its certificate. */
export async function createRequest(): Promise<{ request: string; privateKey: string }> {
  const keys = await generateKeys()
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: 'CN=session', keys, signingAlgorithm: ALGORITHM },
    webcrypto,
  )
  return {
    request: encodePem(new Uint8Array(request.rawData), 'CERTIFICATE REQUEST'),
    privateKey: exportKey(keys.privateKey),
  }
}

async function issue(
  authority: Authority,
  publicKey: webcrypto.CryptoKey,
  subject: string,
  usage: string,
  times: { notBefore: Date; notAfter: Date },
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.create(
    {
      subject,
      issuer: AUTHORITY,
      serialNumber: serialNumber(),
      publicKey,
      signingKey: authority.keys.privateKey,
      signingAlgorithm: ALGORITHM,
      ...times,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage], true),
      ],
    },
    webcrypto,
  )
  return pemOf(certificate)
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>
}

/** Wide towards the past, because the other side's clock may be late. */
function validity(nowMs: number, days: number) {
  return { notBefore: new Date(nowMs - 365 * DAY_MS), notAfter: new Date(nowMs + days * DAY_MS) }
}

/** 15 random bytes, positive and without a leading zero (RFC 5280: at most 20). */
function serialNumber(): string {
  return `4${randomBytes(15).toString('hex').slice(1)}`
}

function pemOf(certificate: x509.X509Certificate): string {
  return encodePem(new Uint8Array(certificate.rawData), 'CERTIFICATE')
}
