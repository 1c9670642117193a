import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { z } from 'zod'
import { MystError, toWire } from '#shared/errors/myst-error.ts'
import { type IdentityId, identityId } from '#shared/model/identity.ts'
import type { Logger } from '../lib/logger.ts'
import {
  assertPrivateDirectory,
  ensurePrivateDirectory,
  readPrivateFile,
  removeUnfinished,
  writePrivateFile,
} from '../lib/private-file.ts'
import { identityOf, publicKeyOf, randomPrivateKey } from '../lib/secp256k1.ts'
import type { GasAccount, Hex } from '../ports/chain.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import { openKeystore, type ScryptCost, STANDARD_SCRYPT, sealKeystore } from './keystore-cipher.ts'
import {
  backupFileName,
  type EncryptedKey,
  keystoreFileName,
  keystoreText,
  MAX_KEYSTORE,
  type ParsedKeystore,
  parseKeystore,
} from './keystore-format.ts'
import { createUnlockedIdentity } from './unlocked-identity.ts'

export type Unlocked = { identity: UnlockedIdentity; gas: GasAccount }

/**
 * Identities at rest (whitepaper 6.3): one Web3 Secret Storage v3 file each, as other Ethereum tools
 * write and read them. In a member of our own it holds the key of the account that pays for the
 * identity's transactions (identity keys hold no ether) as well, under the same passphrase. So one file
 * is everything: a change of it is one rename, and a copy of it is a backup.
 *
 * Errors: `IdentityUnknown`, `IdentityExists`, `WrongPassphrase`, `KeystoreUnreadable` (damaged),
 * `KeystoreForeign` (another format), `KeyFileUnsafe` (at rest, open to others), `GasAccountMissing`,
 * `BackupIncomplete`, `BackupOutdated`.
 */
export type Keystore = {
  /** Once, at start, with the home to oneself: removes what a killed write left. */
  settle(): Promise<void>
  /** `backedUpBefore`: a backup was proved before the passphrase was changed, and keeps the old one. */
  list(): Promise<{ id: IdentityId; backedUp: boolean; backedUpBefore?: true }[]>
  create(passphrase: string): Promise<{ id: IdentityId }>
  /**
   * Encrypted anew with our cost, under the same passphrase. Its gas account comes with it (it then counts
   * as backed up), or is a new one when the file has none.
   */
  import(keystore: string, passphrase: string): Promise<{ id: IdentityId; gasAccount: 'restored' | 'new' }>
  /** The file's text, encrypted as it rests, and a name for the copy. */
  export(id: IdentityId): Promise<{ keystore: string; fileName: string }>
  /**
   * Opens a backup of one of our identities again, both keys of it; from then on it counts as backed up,
   * until its passphrase is changed.
   */
  proveBackup(keystore: string, passphrase: string): Promise<{ id: IdentityId }>
  /** For a forgotten passphrase: one of our identities is then under that of a backup of it, which counts as proved. */
  restore(keystore: string, passphrase: string): Promise<{ id: IdentityId }>
  /** Both keys at once; a crash leaves the old file or the new one. */
  changePassphrase(id: IdentityId, passphrase: string, newPassphrase: string): Promise<{ id: IdentityId }>
  unlock(id: IdentityId, passphrase: string): Promise<Unlocked>
}

const FILE = /^UTC--[0-9TZ.-]+--([0-9a-fA-F]{40})$/
/** Which file, by its checksum, a backup was proved of. */
const BACKUPS = 'backups.json'
const backups = z.record(identityId, z.string().max(64))

type Resting = ParsedKeystore & { gas: EncryptedKey; text: string; fileName: string }

export function createKeystore(
  directory: string,
  deps: { log: Logger; now?: () => number },
  options: { scrypt?: ScryptCost } = {},
): Keystore {
  const { log } = deps
  const now = deps.now ?? Date.now
  const scrypt = options.scrypt ?? STANDARD_SCRYPT
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

  async function read(id: IdentityId): Promise<Resting> {
    const fileName = (await files()).get(id)
    if (!fileName) {
      throw new MystError('IdentityUnknown', 'This identity is not on this computer; import it first.', {
        details: { id },
      })
    }
    await assertPrivateDirectory(directory)
    const path = join(directory, fileName)
    const text = await readPrivateFile(path, MAX_KEYSTORE)
    const keystore = parseKeystore(text, `The keystore of ${id}`)
    if (keystore.address !== undefined && keystore.address !== id) {
      throw new MystError('KeystoreUnreadable', `The keystore of ${id} holds another key; use a backup of it.`)
    }
    const { gas } = keystore
    if (gas) return { ...keystore, address: id, gas, text, fileName }
    // never replaced by a new account in silence: the one that is missing may hold money
    throw new MystError(
      'GasAccountMissing',
      `The keystore of ${id} has no gas account; move ${path} elsewhere and import a backup of it.`,
    )
  }

  /** It once lay in a file beside, under the same passphrase. Brought in as it is, without being opened. */
  async function bringInGas(id: IdentityId, fileName: string) {
    const beside = join(directory, 'gas', `${id}.json`)
    if (!existsSync(beside)) return
    const path = join(directory, fileName)
    const identity = parseKeystore(await readPrivateFile(path, MAX_KEYSTORE), `The keystore of ${id}`)
    if (identity.gas) return
    const gas = parseKeystore(await readPrivateFile(beside, MAX_KEYSTORE), `The gas account of ${id}`)
    await writePrivateFile(path, keystoreText({ ...identity, address: identity.address ?? id }, gas))
    await rm(beside)
  }

  async function write(fileName: string, keys: { privateKey: Uint8Array; gasKey: Uint8Array }, passphrase: string) {
    const { identity, gas } = await sealKeystore(keys, passphrase, scrypt)
    keys.privateKey.fill(0)
    keys.gasKey.fill(0)
    await ensurePrivateDirectory(directory)
    const text = keystoreText(identity, gas)
    await writePrivateFile(join(directory, fileName), text)
    return parseKeystore(text, 'The new keystore')
  }

  /** A backup of one of our identities with both of its keys, which are then the caller's to erase. */
  async function openBackup(text: string, passphrase: string) {
    const source = 'This file'
    const { id, privateKey, gasKey } = await openKeystore(parseKeystore(text, source), passphrase, source)
    try {
      if (!(await files()).has(id)) {
        throw new MystError('IdentityUnknown', 'This is a backup of an identity that is not on this computer.', {
          details: { id },
        })
      }
      const present = await read(id)
      if (gasKey === undefined) {
        throw new MystError(
          'BackupIncomplete',
          'This backup holds the identity without its gas account; save a new backup and open that one.',
        )
      }
      if (identityOf(publicKeyOf(gasKey)) !== present.gas.address) {
        throw new MystError(
          'BackupOutdated',
          'This backup holds another gas account than the present one; save a new backup and open that one.',
        )
      }
      return { id, present, privateKey, gasKey }
    } catch (error) {
      privateKey.fill(0)
      gasKey?.fill(0)
      throw error
    }
  }

  async function provenBackups(): Promise<Record<IdentityId, string>> {
    try {
      return backups.parse(JSON.parse(await readFile(join(directory, BACKUPS), 'utf8')))
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!missing) log.warn('the list of proven backups cannot be read; backups have to be proven again')
      return {}
    }
  }

  async function markBackedUp(id: IdentityId, { checksum = '' }: ParsedKeystore) {
    await writePrivateFile(join(directory, BACKUPS), JSON.stringify({ ...(await provenBackups()), [id]: checksum }))
  }

  async function isBackedUp(fileName: string, proven: string | undefined): Promise<boolean> {
    if (proven === undefined) return false
    try {
      return parseKeystore(await readFile(join(directory, fileName), 'utf8'), fileName).checksum === proven
    } catch {
      // what is wrong with it is said when it is opened
      return false
    }
  }

  return {
    async settle() {
      await removeUnfinished(directory)
      for (const [id, fileName] of await files()) {
        await bringInGas(id, fileName).catch((error) =>
          log.warn(`the gas account of ${id} could not be brought into its file: ${toWire(error).message}`),
        )
      }
    },
    async list() {
      const proven = await provenBackups()
      return Promise.all(
        [...(await files())].map(async ([id, fileName]) => {
          const backedUp = await isBackedUp(fileName, proven[id])
          return { id, backedUp, ...(!backedUp && proven[id] !== undefined && { backedUpBefore: true as const }) }
        }),
      )
    },
    create: (passphrase) =>
      inTurn(async () => {
        const privateKey = randomPrivateKey()
        const id = identityOf(publicKeyOf(privateKey))
        await write(keystoreFileName(id, now()), { privateKey, gasKey: randomPrivateKey() }, passphrase)
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
        const { id, privateKey, gasKey } = await openKeystore(keystore, passphrase, source)
        if (known.has(id)) throw exists(id)
        const keys = { privateKey, gasKey: gasKey ?? randomPrivateKey() }
        const written = await write(keystoreFileName(id, now()), keys, passphrase)
        if (gasKey) await markBackedUp(id, written)
        return { id, gasAccount: gasKey ? 'restored' : 'new' }
      }),
    async export(id) {
      const { text } = await read(id)
      return { keystore: text, fileName: backupFileName(id) }
    },
    proveBackup: (text, passphrase) =>
      inTurn(async () => {
        const { id, present, privateKey, gasKey } = await openBackup(text, passphrase)
        privateKey.fill(0)
        gasKey.fill(0)
        await markBackedUp(id, present)
        return { id }
      }),
    restore: (text, passphrase) =>
      inTurn(async () => {
        const { id, present, ...keys } = await openBackup(text, passphrase)
        await markBackedUp(id, await write(present.fileName, keys, passphrase))
        return { id }
      }),
    changePassphrase: (id, passphrase, newPassphrase) =>
      inTurn(async () => {
        const resting = await read(id)
        const keys = await openKeystore(resting, passphrase, `The keystore of ${id}`)
        await write(resting.fileName, keys, newPassphrase)
        return { id }
      }),
    unlock: (id, passphrase) =>
      inTurn(async () => {
        const { privateKey, gasKey } = await openKeystore(await read(id), passphrase, `The keystore of ${id}`)
        const identity = createUnlockedIdentity(privateKey)
        privateKey.fill(0)
        return { identity, gas: createGasAccount(gasKey) }
      }),
  }
}

function createGasAccount(privateKey: Uint8Array): GasAccount {
  const wallet = new Wallet(`0x${Buffer.from(privateKey).toString('hex')}`)
  privateKey.fill(0)
  return Object.freeze({
    address: wallet.address as Hex,
    // the chain module makes the transaction; ethers checks it before it signs
    sign: async (transaction: unknown) =>
      (await wallet.signTransaction(transaction as Parameters<Wallet['signTransaction']>[0])) as Hex,
    signTypedData: async ({ domain, types, value }) => (await wallet.signTypedData(domain, types, value)) as Hex,
  })
}
