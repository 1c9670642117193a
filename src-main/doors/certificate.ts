import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { MystError } from '#shared/errors/myst-error.ts'
import { readPrivateFile, writePrivateFile } from '../node/lib/private-file.ts'
import { createSelfSigned, serverNames } from '../node/lib/self-signed.ts'
import { bare, hostOf } from './hosts.ts'

/** By what a door beyond this computer shows that it is the one that was meant. */
export type DoorCertificate = {
  /** PEM; an owner's own may bring those of its authorities along. */
  readonly certificate: string
  readonly privateKey: string
  /** SHA-256, as browsers show it. */
  readonly fingerprint: string
  /** Nobody vouches for it: whoever opens the page compares the fingerprint. */
  readonly isSelfMade: boolean
  /** Whom a request may ask for, as browsers write it (`hostOf`). At least one; the first is told to the person. */
  readonly hosts: readonly string[]
}

/** PEM files. `hosts`: those of the certificate's by which the door is reached; none: all of them. */
export type OwnFiles = { certificate: string; privateKey: string; hosts: readonly string[] }

const DAY_MS = 86_400_000
/** No browser minds so long a life. */
const VALID_DAYS = 397
const RENEWED_DAYS_BEFORE = 30
/** Bytes; a certificate with those of its authorities is a tenth of it. */
const MAX_FILE = 64 * 1024

/** The owner's own. Rejects with `KeyFileUnsafe` or `CertificateUnusable`, each with a sentence that says what to do. */
export async function readCertificate(files: OwnFiles, nowMs: number): Promise<DoorCertificate> {
  const unreadable = (file: string) => (cause: unknown) => {
    throw unusable(`${file} cannot be read.`, cause)
  }
  const certificate = await readFile(files.certificate, 'utf8').catch(unreadable(files.certificate))
  // Programs that fetch certificates leave links to the newest; what counts is the file.
  const keyFile = await realpath(files.privateKey).catch(unreadable(files.privateKey))
  const privateKey = await readPrivateFile(keyFile, MAX_FILE)
  const parsed = fitting(files, certificate, privateKey)
  assertValid(files.certificate, parsed, nowMs)

  const names = serverNames(new Uint8Array(parsed.raw))
  const foreign = files.hosts.find((host) => !isFor(parsed, bare(host)))
  if (foreign !== undefined) {
    const others = names.join(', ') || 'no host at all'
    throw unusable(`The certificate ${files.certificate} is not for ${bare(foreign)} but for ${others}.`)
  }
  const hosts = files.hosts.length > 0 ? files.hosts : names.flatMap((name) => hostOf(name) ?? [])
  if (hosts.length === 0) {
    throw unusable(`The certificate ${files.certificate} does not say which host this is; say it with --name.`)
  }
  return { certificate, privateKey, fingerprint: parsed.fingerprint256, isSelfMade: false, hosts }
}

/**
 * One that the node signs for itself, kept with its key in `path` (0600): the same until its last month begins or other
 * hosts are asked for. Rejects with `KeyFileUnsafe` or `CertificateUnusable`.
 */
export async function selfMadeCertificate(
  path: string,
  hosts: readonly string[],
  nowMs: number,
): Promise<DoorCertificate> {
  const kept = await readPrivateFile(path, MAX_FILE).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (kept !== undefined) {
    const found = attempt(() => ({ certificate: new X509Certificate(kept), key: createPrivateKey(kept) }))
    if (!found?.certificate.checkPrivateKey(found.key)) {
      throw unusable(`The certificate in ${path} is damaged; delete the file, and a new one is made.`)
    }
    const { certificate, key } = found
    const isFresh = certificate.validToDate.getTime() - nowMs > RENEWED_DAYS_BEFORE * DAY_MS
    const names = serverNames(new Uint8Array(certificate.raw))
    if (isFresh && names.length === hosts.length && hosts.every((host) => names.includes(bare(host)))) {
      const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString()
      const fingerprint = certificate.fingerprint256
      return { certificate: certificate.toString(), privateKey, fingerprint, isSelfMade: true, hosts }
    }
  }
  const made = await createSelfSigned({
    subject: 'CN=Mysterium Desktop',
    // The browser's clock may be late.
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + (VALID_DAYS - 1) * DAY_MS),
    server: hosts.map((host) => ({ type: isIP(bare(host)) ? 'ip' : 'dns', value: bare(host) })),
  })
  await writePrivateFile(path, `${made.certificate.trimEnd()}\n${made.privateKey}`)
  return { ...made, fingerprint: new X509Certificate(made.certificate).fingerprint256, isSelfMade: true, hosts }
}

/** The first certificate, if the key is its key and TLS takes both. */
function fitting(files: OwnFiles, certificate: string, privateKey: string): X509Certificate {
  const parsed = attempt(() => new X509Certificate(certificate))
  if (!parsed) throw unusable(`${files.certificate} holds no certificate in PEM.`)
  const key = attempt(() => createPrivateKey(privateKey))
  if (!key) throw unusable(`${files.privateKey} holds no private key in PEM that opens without a passphrase.`)
  if (!parsed.checkPrivateKey(key)) {
    throw unusable(`The key ${files.privateKey} is not the one of the first certificate in ${files.certificate}.`)
  }
  if (!attempt(() => createSecureContext({ cert: certificate, key: privateKey }))) {
    throw unusable(`The certificate ${files.certificate} is too weak for TLS, or damaged; get another one.`)
  }
  return parsed
}

function assertValid(file: string, { validFromDate, validToDate }: X509Certificate, nowMs: number): void {
  const day = (date: Date) => date.toISOString().slice(0, 10)
  if (validToDate.getTime() <= nowMs) {
    throw unusable(`The certificate ${file} ended on ${day(validToDate)}; get a new one.`)
  }
  if (validFromDate.getTime() > nowMs) {
    throw unusable(`The certificate ${file} begins on ${day(validFromDate)}; wait, or set this computer's clock.`)
  }
}

function isFor(certificate: X509Certificate, host: string): boolean {
  const found = isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host, { subject: 'never' })
  return found !== undefined
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

const unusable = (message: string, cause?: unknown) => new MystError('CertificateUnusable', message, { cause })
