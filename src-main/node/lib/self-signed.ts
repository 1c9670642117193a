// tsyringe, which @peculiar/x509 brings along, needs this first.
import 'reflect-metadata'
import { KeyObject, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/** PEM, the key as PKCS #8. */
export type SelfSigned = { certificate: string; privateKey: string }

export type Holder = {
  /** The one name in it: `CN=…`. */
  subject: string
  notBefore: Date
  notAfter: Date
  /** A TLS server's: DNS names and IP addresses (IPv6 without brackets) that it is reached by. */
  server?: { type: 'dns' | 'ip'; value: string }[]
}

/** A new key on P-256 and the certificate that it signs for itself. */
export async function createSelfSigned({ subject, notBefore, notAfter, server }: Holder): Promise<SelfSigned> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: subject,
      keys,
      signingAlgorithm: algorithm,
      notBefore,
      notAfter,
      extensions: server ? serverExtensions(server) : [],
    },
    webcrypto,
  )
  return {
    certificate: certificate.toString('pem'),
    privateKey: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** No authority: who is made to trust it trusts no other certificate by that. */
function serverExtensions(names: NonNullable<Holder['server']>): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(names),
  ]
}

/** The DNS names and IP addresses that a certificate, in DER, is for. */
export function serverNames(der: Uint8Array<ArrayBuffer>): string[] {
  const found = new x509.X509Certificate(der).getExtension(x509.SubjectAlternativeNameExtension)
  const names = found?.names.toJSON() ?? []
  return names.flatMap(({ type, value }) => (type === 'dns' || type === 'ip' ? value : []))
}
