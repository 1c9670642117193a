import { createCipheriv, createDecipheriv, pbkdf2, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import { identityOf, publicKeyOf } from '../lib/secp256k1.ts'
import type { EncryptedKey } from './keystore-format.ts'

/** Cost of the passphrase: N must be a power of two. Lower only in tests. */
export type ScryptCost = { N: number; r: number; p: number }

/** As strong as other Ethereum tools make theirs; below a second here. */
export const STANDARD_SCRYPT: ScryptCost = { N: 131_072, r: 8, p: 1 }

const derivePbkdf2 = promisify(pbkdf2)
const deriveScrypt = promisify(
  (passphrase: Buffer, salt: Buffer, { N, r, p }: ScryptCost, done: (error: Error | null, key: Buffer) => void) =>
    // what OpenSSL reckons it needs, and a little
    scrypt(passphrase, salt, 32, { N, r, p, maxmem: 128 * r * (N + p + 8) }, done),
)

type Keys<Gas> = { id: IdentityId; privateKey: Uint8Array; gasKey: Gas }
/** A file's two keys, or a file of another tool, which has one. */
type Sealed<Gas> = EncryptedKey & { gas: Gas }

/**
 * The private keys. Throws `WrongPassphrase`, or `KeystoreUnreadable` when a key is not the file's. What takes long by
 * design is done once where the two share a salt, as in files that we wrote.
 */
export function openKeystore(file: Sealed<EncryptedKey>, passphrase: string, source: string): Promise<Keys<Uint8Array>>
export function openKeystore(
  file: Sealed<EncryptedKey | undefined>,
  passphrase: string,
  source: string,
): Promise<Keys<Uint8Array | undefined>>
export async function openKeystore(
  file: Sealed<EncryptedKey | undefined>,
  passphrase: string,
  source: string,
): Promise<Keys<Uint8Array | undefined>> {
  const derived = new Map<string, Promise<Buffer>>()
  const deriveOnce: Derive = (content, spelling) => {
    const from = JSON.stringify([content.kdf, content.kdfparams, spelling.toString('hex')])
    const known = derived.get(from) ?? derive(content, spelling)
    derived.set(from, known)
    return known
  }
  try {
    const [identity, gas] = await Promise.all([
      decrypt(file, passphrase, source, deriveOnce),
      file.gas && decrypt(file.gas, passphrase, `The gas account of ${source}`, deriveOnce),
    ])
    return { ...identity, gasKey: gas?.privateKey }
  } finally {
    for (const key of derived.values()) {
      key.then(
        (key) => key.fill(0),
        () => undefined,
      )
    }
  }
}

async function decrypt(key: EncryptedKey, passphrase: string, source: string, derive: Derive) {
  const privateKey = await firstThatFits(key, spellings(passphrase), derive)
  if (!privateKey) {
    throw new MystError('WrongPassphrase', 'This passphrase does not fit; check it and try again.')
  }
  let id: IdentityId | undefined
  try {
    id = identityOf(publicKeyOf(privateKey))
  } catch {
    // 32 bytes that are no key of this curve
  }
  if (id === undefined || (key.address !== undefined && key.address !== id)) {
    privateKey.fill(0)
    throw new MystError(
      'KeystoreUnreadable',
      `${source} is damaged: it holds another key than the one it is named after; use a backup of it.`,
    )
  }
  return { id, privateKey }
}

/** Under one derived key, each with an IV of its own. */
export async function sealKeystore(
  keys: { privateKey: Uint8Array; gasKey: Uint8Array },
  passphrase: string,
  cost: ScryptCost,
): Promise<{ identity: EncryptedKey; gas: EncryptedKey }> {
  const salt = randomBytes(32)
  const derived = await deriveScrypt(Buffer.from(passphrase.normalize('NFKC')), salt, cost)
  const seal = (key: Uint8Array): EncryptedKey => {
    const iv = randomBytes(16)
    const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
    const ciphertext = Buffer.concat([cipher.update(key), cipher.final()])
    return {
      address: identityOf(publicKeyOf(key)),
      crypto: {
        cipher: 'aes-128-ctr',
        cipherparams: { iv: iv.toString('hex') },
        ciphertext: ciphertext.toString('hex'),
        kdf: 'scrypt',
        kdfparams: { n: cost.N, r: cost.r, p: cost.p, dklen: 32, salt: salt.toString('hex') },
        mac: bytesToHex(macOf(derived, ciphertext)),
      },
    }
  }
  const sealed = { identity: seal(keys.privateKey), gas: seal(keys.gasKey) }
  derived.fill(0)
  return sealed
}

/**
 * ethers (and we, so that a letter typed on another system is the same letter) bring a passphrase into one
 * Unicode form; geth takes it as it was typed.
 */
function spellings(passphrase: string): Buffer[] {
  return [...new Set([passphrase.normalize('NFKC'), passphrase])].map((text) => Buffer.from(text))
}

async function firstThatFits(
  { crypto: content }: EncryptedKey,
  passphrases: Buffer[],
  derive: Derive,
): Promise<Buffer | undefined> {
  const ciphertext = Buffer.from(content.ciphertext, 'hex')
  for (const passphrase of passphrases) {
    const derived = await derive(content, passphrase)
    if (!timingSafeEqual(macOf(derived, ciphertext), Buffer.from(content.mac, 'hex'))) continue
    const iv = Buffer.from(content.cipherparams.iv, 'hex')
    const cipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
    return Buffer.concat([cipher.update(ciphertext), cipher.final()])
  }
  return undefined
}

type Derive = (content: EncryptedKey['crypto'], passphrase: Buffer) => Promise<Buffer>

const derive: Derive = async (content, passphrase) => {
  const salt = Buffer.from(content.kdfparams.salt, 'hex')
  if (content.kdf === 'pbkdf2') return derivePbkdf2(passphrase, salt, content.kdfparams.c, 32, 'sha256')
  const { n: N, r, p } = content.kdfparams
  if (N < 2 ** (16 * r)) return deriveScrypt(passphrase, salt, { N, r, p })
  // RFC 7914 asks for N < 2^(16 r), and OpenSSL insists. The definition's own example and the files of
  // Python's eth-keyfile (r = 1) do not keep to it; noble computes them.
  return Buffer.from(await scryptAsync(passphrase, salt, { N, r, p, dkLen: 32 }))
}

function macOf(derived: Buffer, ciphertext: Uint8Array): Uint8Array {
  return keccak_256(Buffer.concat([derived.subarray(16, 32), ciphertext]))
}
