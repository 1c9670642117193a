import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/**
 * Electron's `safeStorage` where Electron is not: texts are sealed with a key that only this object has, as
 * an operating system's keychain holds one for the person's login. Typed by Electron's own declarations.
 */
export function createSafeStorage(): Pick<
  Electron.SafeStorage,
  'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
> {
  const key = randomBytes(32)
  return {
    isAsyncEncryptionAvailable: async () => true,
    getSelectedStorageBackend: () => 'gnome_libsecret',
    async encryptStringAsync(text) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.from('v11'), nonce, cipher.getAuthTag(), sealed])
    },
    async decryptStringAsync(sealed) {
      const opener = createDecipheriv('aes-256-gcm', key, sealed.subarray(3, 15))
      opener.setAuthTag(sealed.subarray(15, 31))
      const result = Buffer.concat([opener.update(sealed.subarray(31)), opener.final()]).toString('utf8')
      return { result, shouldReEncrypt: false }
    },
  }
}
