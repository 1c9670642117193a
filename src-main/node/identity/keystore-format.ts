import { hexToBytes } from '@noble/hashes/utils.js'
import { decryptKeystoreJson, encryptKeystoreJson, isError } from 'ethers'
import { z } from 'zod'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import { identityOf, publicKeyOf } from '../lib/secp256k1.ts'

/** Cost of the passphrase: N must be a power of two. Lower only in tests. */
export type ScryptCost = { N: number; r: number; p: number }

/** As strong as other Ethereum tools make theirs; below a second here. */
export const STANDARD_SCRYPT: ScryptCost = { N: 131_072, r: 8, p: 1 }

const MAX_FILE = 16_384
const hex = z
  .string()
  .max(256)
  .regex(/^(0x)?[0-9a-fA-F]*$/)

// Bounds, because a file from elsewhere decides how much work it makes: 1 GiB of memory at most.
const scryptParams = z
  .object({
    n: z.number().int().min(2).max(1_048_576),
    r: z.number().int().min(1).max(32),
    p: z.number().int().min(1).max(16),
    dklen: z.literal(32),
    salt: hex,
  })
  .refine(({ n, r, p }) => 128 * n * r <= 2 ** 30 && n * r * p <= 2 ** 26)
const pbkdf2Params = z.object({
  c: z.number().int().min(1).max(10_000_000),
  prf: z.literal('hmac-sha256'),
  dklen: z.literal(32),
  salt: hex,
})
const cryptoPart = z.intersection(
  z.object({
    cipher: z.literal('aes-128-ctr'),
    cipherparams: z.object({ iv: hex }),
    ciphertext: hex.refine((text) => text.replace(/^0x/, '').length === 64),
    mac: hex.refine((text) => text.replace(/^0x/, '').length === 64),
  }),
  z.discriminatedUnion('kdf', [
    z.object({ kdf: z.literal('scrypt'), kdfparams: scryptParams }),
    z.object({ kdf: z.literal('pbkdf2'), kdfparams: pbkdf2Params }),
  ]),
)

const ADDRESS = /^(0x)?[0-9a-fA-F]{40}$/

export type ParsedKeystore = { text: string; address: IdentityId | undefined }

/**
 * A Web3 Secret Storage v3 text, checked and brought into the spelling every tool reads. Throws
 * `KeystoreUnreadable` for what is damaged and `KeystoreForeign` for what is another format.
 */
export function parseKeystore(text: string, source: string): ParsedKeystore {
  const unreadable = (cause?: unknown) =>
    new MystError('KeystoreUnreadable', `${source} is damaged; use a backup of it.`, { cause })
  const foreign = () => new MystError('KeystoreForeign', `${source} is not a version 3 keystore (Web3 Secret Storage).`)
  if (text.length > MAX_FILE) throw foreign()
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (cause) {
    throw unreadable(cause)
  }
  const top = lowerCaseKeys(data)
  if (top?.version !== 3) throw foreign()
  const content = lowerCaseKeys(top.crypto)
  if (!content) throw unreadable()
  if (!['scrypt', 'pbkdf2'].includes(String(content.kdf)) || content.cipher !== 'aes-128-ctr') throw foreign()
  const parsed = cryptoPart.safeParse(content)
  if (!parsed.success) throw unreadable(parsed.error)
  // RFC 7914 asks for N < 2^(16 r); only the definition's own example does not keep to it
  if (parsed.data.kdf === 'scrypt' && parsed.data.kdfparams.n >= 2 ** (16 * parsed.data.kdfparams.r)) throw foreign()
  const { address } = top
  if (address !== undefined && !(typeof address === 'string' && ADDRESS.test(address))) throw unreadable()
  return {
    text: JSON.stringify({ ...top, crypto: content }),
    address: address === undefined ? undefined : `0x${address.replace(/^0x/, '').toLowerCase()}`,
  }
}

/** The private key. Throws `WrongPassphrase`, or `KeystoreUnreadable` when the key is not the file's. */
export async function decryptKeystore(keystore: ParsedKeystore, passphrase: string, source: string) {
  let privateKey: Uint8Array
  try {
    // without its address, so that it is we who compare: ethers's errors name keys' details
    const { address: _address, ...rest } = JSON.parse(keystore.text)
    const account = await decryptKeystoreJson(JSON.stringify(rest), passphrase)
    privateKey = hexToBytes(account.privateKey.slice(2))
  } catch (error) {
    if (!isError(error, 'INVALID_ARGUMENT') || error.argument !== 'password') {
      throw new MystError('KeystoreUnreadable', `${source} is damaged; use a backup of it.`)
    }
    throw new MystError('WrongPassphrase', 'This passphrase does not fit; check it and try again.')
  }
  const id = identityOf(publicKeyOf(privateKey))
  if (keystore.address !== undefined && keystore.address !== id) {
    throw new MystError('KeystoreUnreadable', `${source} holds another key than the one it is named after.`)
  }
  return { id, privateKey }
}

export async function encryptKeystore(privateKey: Uint8Array, passphrase: string, scrypt: ScryptCost): Promise<string> {
  const id = identityOf(publicKeyOf(privateKey))
  const text = await encryptKeystoreJson(
    { address: id, privateKey: `0x${Buffer.from(privateKey).toString('hex')}` },
    passphrase,
    { scrypt },
  )
  // ethers writes "Crypto"; the definition, and some strict readers, say "crypto"
  return parseKeystore(text, 'The new keystore').text
}

/** `UTC--2026-01-31T12-00-00.123000000Z--<40 hex digits>`, as geth names its files. */
export function keystoreFileName(id: IdentityId, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(':', '-').replace('Z', '000000Z')
  return `UTC--${time}--${id.slice(2)}`
}

function lowerCaseKeys(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inner]))
}
