import { X509Certificate } from 'node:crypto'

/** Bounds of what the other side may send; real ones are a third of it. */
export const MAX_PEM_LENGTH = 4_096

/**
 * The bytes of a PEM text that holds exactly one block with this label, or undefined. What is passed on
 * is always encoded anew from the bytes: the text itself goes nowhere.
 */
export function decodePem(text: string, label: string): Buffer | undefined {
  if (text.length > MAX_PEM_LENGTH) return undefined
  const [begin, end] = [`-----BEGIN ${label}-----\n`, `-----END ${label}-----`]
  const trimmed = text.replaceAll('\r\n', '\n').trimEnd()
  if (!trimmed.startsWith(begin) || !trimmed.endsWith(`\n${end}`)) return undefined
  const base64 = trimmed.slice(begin.length, -end.length).replaceAll('\n', '')
  const der = Buffer.from(base64, 'base64')
  return der.length > 0 && der.toString('base64') === base64 ? der : undefined
}

/** Whether the bytes are one DER sequence of at most 64 KiB and nothing after it; parsers overlook what follows. */
export function isOneSequence(der: Uint8Array): boolean {
  const [tag, first = 0, high = 0, low = 0] = der
  if (tag !== 0x30) return false
  if (first < 0x80) return der.length === 2 + first
  if (first === 0x81) return der.length === 3 + high
  return first === 0x82 && der.length === 4 + high * 256 + low
}

export function encodePem(der: Uint8Array, label: string): string {
  return block(
    label,
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [],
  )
}

/** A certificate with a key on P-256 as PEM of our own making, or undefined when it is none. */
export function cleanCertificate(text: string): string | undefined {
  const der = decodePem(text, 'CERTIFICATE')
  if (der === undefined) return undefined
  try {
    const { raw, publicKey } = new X509Certificate(der)
    const isOurKind = raw.equals(der) && publicKey.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    return isOurKind ? encodePem(der, 'CERTIFICATE') : undefined
  } catch {
    return undefined
  }
}

const STATIC_KEY = 'OpenVPN Static key V1'

/** OpenVPN's static key file out of 256 random bytes. */
export function encodeStaticKey(key: Uint8Array): string {
  return block(STATIC_KEY, Buffer.from(key).toString('hex').match(/.{32}/g) ?? [])
}

export function cleanStaticKey(text: string): string | undefined {
  if (text.length > MAX_PEM_LENGTH) return undefined
  const [first, ...rest] = text.trimEnd().split(/\r?\n/)
  const last = rest.pop()
  const hex = rest.join('')
  if (first !== `-----BEGIN ${STATIC_KEY}-----` || last !== `-----END ${STATIC_KEY}-----`) return undefined
  return /^[0-9a-f]{512}$/.test(hex) ? encodeStaticKey(Buffer.from(hex, 'hex')) : undefined
}

function block(label: string, lines: readonly string[]): string {
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
