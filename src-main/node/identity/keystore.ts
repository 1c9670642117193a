import { mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { z } from 'zod'
import { MystError } from '#shared/errors/myst-error.ts'
import { type IdentityId, identityId } from '#shared/model/identity.ts'
import type { Logger } from '../lib/logger.ts'
import { randomPrivateKey } from '../lib/secp256k1.ts'
import type { GasAccount, Hex } from '../ports/chain.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import { ensurePrivateDirectory, writePrivateFile } from './atomic-file.ts'
import {
  decryptKeystore,
  encryptKeystore,
  keystoreFileName,
  type ParsedKeystore,
  parseKeystore,
  type ScryptCost,
  STANDARD_SCRYPT,
} from './keystore-format.ts'
import { createUnlockedIdentity } from './unlocked-identity.ts'

export type Unlocked = { identity: UnlockedIdentity; gas: GasAccount }

/**
 * Identities at rest (whitepaper 6.3): one Web3 Secret Storage v3 file each, as other Ethereum tools
 * write and read them. Beside each, in `gas/`, the key of the account that pays for its transactions
 * (identity keys hold no ether), under the same passphrase; it is not part of a backup, an imported
 * identity gets a new one.
 *
 * Errors: `IdentityUnknown`, `IdentityExists`, `WrongPassphrase`, `KeystoreUnreadable` (damaged),
 * `KeystoreForeign` (another format).
 */
export type Keystore = {
  list(): Promise<{ id: IdentityId; backedUp: boolean }[]>
  create(passphrase: string): Promise<{ id: IdentityId }>
  /** The text is encrypted anew with our cost, under the same passphrase. */
  import(keystore: string, passphrase: string): Promise<{ id: IdentityId }>
  /** The file's text, encrypted as it rests. */
  export(id: IdentityId): Promise<{ keystore: string; fileName: string }>
  /** Opens a backup of one of our identities again; from then on it counts as backed up. */
  proveBackup(keystore: string, passphrase: string): Promise<{ id: IdentityId }>
  unlock(id: IdentityId, passphrase: string): Promise<Unlocked>
}

const FILE = /^UTC--[0-9TZ.-]+--([0-9a-fA-F]{40})$/
const BACKUPS = 'backups.json'
const backups = z.array(identityId).max(10_000)

export function createKeystore(
  directory: string,
  deps: { log: Logger; now?: () => number },
  options: { scrypt?: ScryptCost } = {},
): Keystore {
  const { log } = deps
  const now = deps.now ?? Date.now
  const scrypt = options.scrypt ?? STANDARD_SCRYPT
  const gasDirectory = join(directory, 'gas')
  const gasPath = (id: IdentityId) => join(gasDirectory, `${id}.json`)
  // one change at a time: two imports of the same identity must not both find it missing
  let turn: Promise<unknown> = Promise.resolve()
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  /** File names by identity. The name decides; whether the file fits its name shows when it is opened. */
  async function files(): Promise<Map<IdentityId, string>> {
    const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    const found = new Map<IdentityId, string>()
    for (const name of names.sort()) {
      const id = FILE.exec(name)?.[1]
      if (id) found.set(`0x${id.toLowerCase()}`, name)
    }
    return found
  }

  async function read(id: IdentityId): Promise<ParsedKeystore & { fileName: string }> {
    const fileName = (await files()).get(id)
    if (!fileName) {
      throw new MystError('IdentityUnknown', 'This identity is not on this computer; import it first.', {
        details: { id },
      })
    }
    const keystore = parseKeystore(await readFile(join(directory, fileName), 'utf8'), `The keystore of ${id}`)
    return { ...keystore, address: keystore.address ?? id, fileName }
  }

  async function store(id: IdentityId, privateKey: Uint8Array, passphrase: string) {
    await ensurePrivateDirectory(directory)
    // the gas account first: an identity never stands there without one
    await openGas(id, passphrase, { replaceLocked: true })
    const text = await encryptKeystore(privateKey, passphrase, scrypt)
    await writePrivateFile(join(directory, keystoreFileName(id, now())), text)
  }

  /** The key of the gas account, made when it is missing. */
  async function openGas(id: IdentityId, passphrase: string, { replaceLocked = false } = {}): Promise<Uint8Array> {
    const source = `The gas account of ${id}`
    const text = await readFile(gasPath(id), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (text !== undefined) {
      try {
        return (await decryptKeystore(parseKeystore(text, source), passphrase, source)).privateKey
      } catch (error) {
        if (!replaceLocked) throw error
        // it may hold ether: set aside, never overwritten
        await rename(gasPath(id), `${gasPath(id)}.${now()}.old`)
        log.warn(`set aside a gas account of ${id} that another passphrase opens`)
      }
    }
    const privateKey = randomPrivateKey()
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await ensurePrivateDirectory(gasDirectory)
    await writePrivateFile(gasPath(id), await encryptKeystore(privateKey, passphrase, scrypt))
    return privateKey
  }

  async function provenBackups(): Promise<Set<IdentityId>> {
    try {
      return new Set(backups.parse(JSON.parse(await readFile(join(directory, BACKUPS), 'utf8'))))
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!missing) log.warn('the list of proven backups cannot be read; backups have to be proven again')
      return new Set()
    }
  }

  return {
    async list() {
      const proven = await provenBackups()
      return [...(await files()).keys()].map((id) => ({ id, backedUp: proven.has(id) }))
    },
    create: (passphrase) =>
      inTurn(async () => {
        const privateKey = randomPrivateKey()
        const { id } = createUnlockedIdentity(privateKey)
        await store(id, privateKey, passphrase)
        privateKey.fill(0)
        return { id }
      }),
    import: (text, passphrase) =>
      inTurn(async () => {
        const source = 'This keystore'
        const keystore = parseKeystore(text, source)
        const known = await files()
        const exists = (id: IdentityId) =>
          new MystError('IdentityExists', 'This identity is already on this computer.', { details: { id } })
        if (keystore.address && known.has(keystore.address)) throw exists(keystore.address)
        const { id, privateKey } = await decryptKeystore(keystore, passphrase, source)
        if (known.has(id)) throw exists(id)
        await store(id, privateKey, passphrase)
        privateKey.fill(0)
        return { id }
      }),
    async export(id) {
      const { text, fileName } = await read(id)
      return { keystore: text, fileName }
    },
    proveBackup: (text, passphrase) =>
      inTurn(async () => {
        const source = 'This backup'
        const { id, privateKey } = await decryptKeystore(parseKeystore(text, source), passphrase, source)
        privateKey.fill(0)
        if (!(await files()).has(id)) {
          throw new MystError('IdentityUnknown', 'This is a backup of an identity that is not on this computer.', {
            details: { id },
          })
        }
        const proven = await provenBackups()
        await writePrivateFile(join(directory, BACKUPS), JSON.stringify([...proven.add(id)]))
        return { id }
      }),
    unlock: (id, passphrase) =>
      inTurn(async () => {
        const keystore = await read(id)
        const { privateKey } = await decryptKeystore(keystore, passphrase, `The keystore of ${id}`)
        const identity = createUnlockedIdentity(privateKey)
        privateKey.fill(0)
        return { identity, gas: createGasAccount(await openGas(id, passphrase)) }
      }),
  }
}

function createGasAccount(privateKey: Uint8Array): GasAccount {
  const wallet = new Wallet(`0x${Buffer.from(privateKey).toString('hex')}`)
  return Object.freeze({
    address: wallet.address as Hex,
    // the chain module makes the transaction; ethers checks it before it signs
    sign: async (transaction: unknown) =>
      (await wallet.signTransaction(transaction as Parameters<Wallet['signTransaction']>[0])) as Hex,
  })
}
