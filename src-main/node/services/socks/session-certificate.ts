import { createHash, X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { z } from 'zod'
import { createSelfSigned, type SelfSigned } from '../../lib/self-signed.ts'

/**
 * Each side of a session makes a key pair of its own and tells the other through the dialogue, which
 * is signed and encrypted, which certificate to expect. No authority is involved: the certificate is
 * a container for the key, and its SHA-256 is all that is compared.
 */
export type SessionCertificate = SelfSigned & { fingerprint: string }

/** SHA-256 of the certificate in DER, 64 hexadecimal digits. */
export const fingerprint = z.string().regex(/^[0-9a-f]{64}$/)

const DAY_MS = 86_400_000

export async function createSessionCertificate(nowMs: number): Promise<SessionCertificate> {
  const made = await createSelfSigned({
    // The same for everybody: a name would tell nodes apart on the wire for nothing.
    subject: 'CN=session',
    // Wide, because clocks differ; a session's life is the dialogue's, not the certificate's.
    notBefore: new Date(nowMs - 365 * DAY_MS),
    notAfter: new Date(nowMs + 365 * DAY_MS),
  })
  return { ...made, fingerprint: sha256(new X509Certificate(made.certificate).raw) }
}

/** Of the certificate whose key the other side has just proved to hold; undefined: it sent none. */
export function peerFingerprint(socket: TLSSocket): string | undefined {
  const certificate = socket.getPeerX509Certificate()
  return certificate && sha256(certificate.raw)
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
