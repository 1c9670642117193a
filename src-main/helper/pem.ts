import { createPrivateKey, X509Certificate } from 'node:crypto'

import { bad } from './fields.ts'

/**
 * Texts from a stranger on their way into OpenVPN's configuration. Nothing of the text itself goes
 * there: its base64 is decoded, the bytes must be one certificate or key that Node's own parser reads,
 * and they are encoded anew. So no line of a stranger's can become an option (clients of others were
 * taken over through `plugin` and `up` lines in such a field; one crashed over what was not PEM).
 */
const MAX_DER = 8 * 1024
export const MAX_PEM = 12 * 1024

export function readCertificate(pem: string, what: string): string {
  const der = decode(pem, 'CERTIFICATE', what)
  try {
    const { raw } = new X509Certificate(der)
    if (!raw.equals(der)) throw bad(what)
  } catch {
    throw bad(what)
  }
  return encode(der, 'CERTIFICATE')
}

/** A PKCS #8 key on P-256. */
export function readPrivateKey(pem: string, what: string): string {
  const der = decode(pem, 'PRIVATE KEY', what)
  let curve: string | undefined
  try {
    curve = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).asymmetricKeyDetails?.namedCurve
  } catch {
    throw bad(what)
  }
  if (curve !== 'prime256v1') throw bad(what)
  return encode(der, 'PRIVATE KEY')
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
