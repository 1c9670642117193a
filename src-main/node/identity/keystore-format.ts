import { createHash } from 'node:crypto'
import { z } from 'zod'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'

/** Bytes. A backup is a tenth of it; the contract takes no more either. */
export const MAX_KEYSTORE = 16_384

const hex = z
  .string()
  .max(256)
  .regex(/^(0x)?([0-9a-fA-F]{2})*$/)
  .transform((text) => text.replace(/^0x/, '').toLowerCase())
const hexOf = (bytes: number) => hex.refine((text) => text.length === 2 * bytes)

// Bounds, because a file from elsewhere decides how much work it makes: 1 GiB of memory at most.
const scryptParams = z
  .object({
    n: z.number().int().min(2).max(1_048_576),
    r: z.number().int().min(1).max(32),
    p: z.number().int().min(1).max(16),
    dklen: z.literal(32),
    salt: hex,
  })
  .refine(({ n, r, p }) => (n & (n - 1)) === 0 && 128 * n * r <= 2 ** 30 && n * r * p <= 2 ** 26)
const pbkdf2Params = z.object({
  c: z.number().int().min(1).max(10_000_000),
  prf: z.literal('hmac-sha256'),
  dklen: z.literal(32),
  salt: hex,
})
const cryptoPart = z.intersection(
  z.object({
    cipher: z.literal('aes-128-ctr'),
    cipherparams: z.object({ iv: hexOf(16) }),
    ciphertext: hexOf(32),
    mac: hexOf(32),
  }),
  z.discriminatedUnion('kdf', [
    z.object({ kdf: z.literal('scrypt'), kdfparams: scryptParams }),
    z.object({ kdf: z.literal('pbkdf2'), kdfparams: pbkdf2Params }),
  ]),
)
const addressPart = z
  .string()
  .regex(/^(0x)?[0-9a-fA-F]{40}$/)
  .transform((text): IdentityId => `0x${text.replace(/^0x/, '').toLowerCase()}`)
const extraPart = z.object({ gas: z.unknown(), checksum: hexOf(32) })

export type EncryptedKey = { address: IdentityId | undefined; crypto: z.output<typeof cryptoPart> }

/** `gas` and `checksum` where the file is one of ours: the gas account's key, and a digest of everything. */
export type ParsedKeystore = EncryptedKey & { gas: EncryptedKey | undefined; checksum: string | undefined }

/**
 * Our own member of a keystore file. Other Ethereum tools pass over it and open the file as the identity.
 * The definition's MAC covers neither iv nor cost, so that damage there reads like a wrong passphrase or
 * opens another key; the checksum tells.
 */
const EXTRA = 'x-mysterium'

/**
 * A Web3 Secret Storage v3 text, checked. Throws `KeystoreUnreadable` for what is damaged and
 * `KeystoreForeign` for what is another format. `source` begins their sentences.
 */
export function parseKeystore(text: string, source: string): ParsedKeystore {
  const unreadable = (cause?: unknown) =>
    new MystError('KeystoreUnreadable', `${source} is damaged; use a backup of it.`, { cause })
  const foreign = () =>
    new MystError(
      'KeystoreForeign',
      `${source} is neither a backup (mysterium-backup-0x…) nor another Ethereum tool’s keystore (version 3).`,
    )
  const trimmed = text.trim()
  if (trimmed === '') throw unreadable()
  if (text.length > MAX_KEYSTORE || !trimmed.startsWith('{')) throw foreign()
  let data: unknown
  try {
    data = JSON.parse(trimmed)
  } catch {
    // without a cause: it would quote the text
    throw unreadable()
  }
  const key = (value: unknown): EncryptedKey => {
    const top = lowerCaseKeys(value)
    if (top?.version !== 3) throw foreign()
    const content = lowerCaseKeys(top.crypto)
    if (!content) throw unreadable()
    if (!['scrypt', 'pbkdf2'].includes(String(content.kdf)) || content.cipher !== 'aes-128-ctr') throw foreign()
    const crypto = cryptoPart.safeParse(content)
    const address = addressPart.optional().safeParse(top.address)
    if (!crypto.success || !address.success) throw unreadable(crypto.error ?? address.error)
    return { address: address.data, crypto: crypto.data }
  }
  const identity = key(data)
  const extra = extraOf(lowerCaseKeys(data) ?? {})
  if (extra === undefined) return { ...identity, gas: undefined, checksum: undefined }
  const parsed = extraPart.safeParse(extra)
  if (!parsed.success) throw unreadable(parsed.error)
  const gas = key(parsed.data.gas)
  if (checksumOf(identity, gas) !== parsed.data.checksum) throw unreadable()
  return { ...identity, gas, checksum: parsed.data.checksum }
}

/** The file's text: the identity as every tool reads it, and its gas account in our own member. */
export function keystoreText(identity: EncryptedKey, gas: EncryptedKey): string {
  return JSON.stringify({
    ...plain(identity),
    [EXTRA]: { gas: plain(gas), checksum: checksumOf(identity, gas) },
  })
}

/** Of a copy that a person keeps. Other tools go by what is in it. */
export function backupFileName(id: IdentityId): string {
  return `mysterium-backup-${id}.json`
}

/** `UTC--2026-01-31T12-00-00.123000000Z--<40 hex digits>`, as geth names its files. */
export function keystoreFileName(id: IdentityId, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(':', '-').replace('Z', '000000Z')
  return `UTC--${time}--${id.slice(2)}`
}

const plain = ({ address, crypto: content }: EncryptedKey) => ({
  ...(address && { address: address.slice(2) }),
  crypto: content,
  id: crypto.randomUUID(),
  version: 3,
})

/** Of the values, in one order: other tools may have written the same file with other spaces and case. */
function checksumOf(...keys: EncryptedKey[]): string {
  const values = keys.map(({ address, crypto: { cipherparams, ciphertext, mac, kdfparams } }) => [
    address ?? '',
    cipherparams.iv,
    ciphertext,
    mac,
    'c' in kdfparams ? [kdfparams.c] : [kdfparams.n, kdfparams.r, kdfparams.p],
    kdfparams.salt,
  ])
  return createHash('sha256').update(JSON.stringify(values)).digest('hex')
}

/** Found by what it holds as well, so that a damaged name does not quietly lose a gas account. */
function extraOf(top: Record<string, unknown>): unknown {
  return top[EXTRA] ?? Object.values(top).find((value) => extraPart.safeParse(value).success)
}

function lowerCaseKeys(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inner]))
}
