import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

import { bad } from './fields.ts'

/**
 * Texts from a stranger on their way into OpenVPN's configuration. Nothing of the text itself goes
 * there: its base64 is decoded, the bytes must be one certificate or key that Node's own parser reads,
 * and they are encoded anew. So no line of a stranger's can become an option (clients of others were
 * taken over through `plugin` and `up` lines in such a field; one crashed over what was not PEM).
 */
const MAX_DER = 8 * 1024
export const MAX_PEM = 12 * 1024

/** One whose key is on P-256: other kinds are more of OpenSSL for a stranger to try, and nobody of ours makes them. */
export function readCertificate(pem: string, what: string): string {
  return recode(pem, 'CERTIFICATE', what, (der) => {
    const { raw, publicKey } = new X509Certificate(der)
    return isOnP256(publicKey) ? raw : undefined
  })
}

/** A PKCS #8 key on P-256. */
export function readPrivateKey(pem: string, what: string): string {
  return recode(pem, 'PRIVATE KEY', what, (der) => {
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    return isOnP256(key) ? key.export({ format: 'der', type: 'pkcs8' }) : undefined
  })
}

/** OpenVPN's static key format: 2048 bits as hexadecimal lines. */
export function readStaticKey(text: string, what: string): string {
  const [, body] =
    /^-----BEGIN OpenVPN Static key V1-----\r?\n([0-9a-f\r\n]+)-----END OpenVPN Static key V1-----\s*$/.exec(text) ?? [
      undefined,
      '',
    ]
  const hex = (body ?? '').replaceAll(/[\r\n]/g, '')
  if (text.length > MAX_PEM || hex.length !== 512) throw bad(what)
  return frame('OpenVPN Static key V1', hex.match(/.{32}/g) ?? [])
}

function isOnP256(key: KeyObject): boolean {
  return key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
}

/** `read` gives the bytes as it understood them; there must be no others. */
function recode(pem: string, label: string, what: string, read: (der: Buffer) => Buffer | undefined): string {
  const der = decode(pem, label, what)
  let understood: Buffer | undefined
  try {
    understood = read(der)
  } catch {
    // Not one.
  }
  if (!understood?.equals(der)) throw bad(what)
  return encode(der, label)
}

function decode(pem: string, label: string, what: string): Buffer {
  if (pem.length > MAX_PEM) throw bad(what)
  const [, body] = new RegExp(
    `^-----BEGIN ${label}-----\\r?\\n([A-Za-z0-9+/=\\r\\n]+)-----END ${label}-----\\s*$`,
  ).exec(pem) ?? [undefined, '']
  const base64 = (body ?? '').replaceAll(/[\r\n]/g, '')
  const der = Buffer.from(base64, 'base64')
  if (der.length === 0 || der.length > MAX_DER || der.toString('base64') !== base64) throw bad(what)
  return der
}

function encode(der: Buffer, label: string): string {
  return frame(label, der.toString('base64').match(/.{1,64}/g) ?? [])
}

function frame(label: string, lines: readonly string[]): string {
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
