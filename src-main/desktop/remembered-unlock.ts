import { rm } from 'node:fs/promises'
import type { SafeStorage } from 'electron'
import { z } from 'zod'
import { MystError, toWire } from '#shared/errors/myst-error.ts'
import { identityId } from '#shared/model/identity.ts'
import type { Keychain } from '../node/create-node.ts'
import type { Logger } from '../node/lib/logger.ts'
import { readPrivateFile, writePrivateFile } from '../node/lib/private-file.ts'

/** A passphrase has up to 1024 characters; sealed and in base64 it is not much more. */
const MAX_FILE = 16_384
const stored = z.object({ identity: identityId, sealed: z.base64() })
/** What Chromium writes in front of a text that it "encrypted" with a key that everybody knows, on Linux. */
const UNPROTECTED = Buffer.from('v10')

/**
 * One passphrase, encrypted with a key that the operating system's keychain opens for the person's login, in
 * a file (0600) at `path`. Never with a stand-in for a keychain: then nothing is remembered.
 */
export function createRememberedUnlock(
  deps: {
    safeStorage: Pick<
      SafeStorage,
      'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
    >
    platform: NodeJS.Platform
    log: Logger
  },
  path: string,
): Keychain {
  const { safeStorage, platform, log } = deps

  async function read() {
    try {
      return stored.parse(JSON.parse(await readPrivateFile(path, MAX_FILE)))
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!missing) log.warn(`the remembered passphrase is not used: ${toWire(error).message}`)
      return undefined
    }
  }

  const keychain: Keychain = {
    async obstacle() {
      if (platform === 'linux') {
        const backend = safeStorage.getSelectedStorageBackend()
        if (backend === 'basic_text' || backend === 'unknown') {
          return 'This desktop has no keychain to remember a passphrase in; GNOME Keyring or KWallet would be one.'
        }
      }
      const available = await safeStorage.isAsyncEncryptionAvailable().catch(() => false)
      return available ? undefined : 'The keychain of this computer cannot be used now.'
    },
    async holder() {
      return (await read())?.identity
    },
    async keep(identity, passphrase) {
      const obstacle = await keychain.obstacle()
      if (obstacle !== undefined) throw new MystError('KeychainUnavailable', obstacle)
      const sealed = await safeStorage.encryptStringAsync(passphrase)
      if (platform === 'linux' && sealed.subarray(0, UNPROTECTED.length).equals(UNPROTECTED)) {
        throw new MystError('KeychainUnavailable', 'The keychain would not protect the passphrase; it is not kept.')
      }
      await writePrivateFile(path, JSON.stringify({ identity, sealed: sealed.toString('base64') }))
    },
    async recall() {
      const found = await read()
      if (!found || (await keychain.obstacle()) !== undefined) return undefined
      try {
        const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(Buffer.from(found.sealed, 'base64'))
        // the keychain has a new key, and the old one goes some day
        if (shouldReEncrypt) await keychain.keep(found.identity, result)
        return { id: found.identity, passphrase: result }
      } catch {
        log.warn('the keychain does not open the remembered passphrase')
        return undefined
      }
    },
    forget: () => rm(path, { force: true }),
  }
  return keychain
}
