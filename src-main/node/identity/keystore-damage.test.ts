import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryptKeystoreJsonSync, Wallet } from 'ethers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toWire } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import { silentLogger } from '../lib/logger.ts'
import { createKeystore, type Keystore } from './keystore.ts'
import { openKeystore } from './keystore-cipher.ts'
import { MAX_KEYSTORE, parseKeystore } from './keystore-format.ts'

const scrypt = { N: 2, r: 1, p: 1 }
let root: string
let directory: string
let keystore: Keystore
let id: IdentityId
let gasAddress: string
let path: string
let bytes: Buffer

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'keystore damage-'))
  directory = join(root, 'keystore')
  keystore = createKeystore(directory, { log: silentLogger }, { scrypt })
  id = (await keystore.create('pass')).id
  gasAddress = (await keystore.unlock(id, 'pass')).gas.address
  path = join(directory, (await readdir(directory))[0] ?? '')
  bytes = await readFile(path)
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** The name of what unlocking that content says; undefined when it opens, and then to the very keys. */
async function outcome(content: Buffer): Promise<string | undefined> {
  try {
    // most of it ends here, without the files
    parseKeystore(content.toString(), 'It')
    await writeFile(path, content)
    const { identity, gas } = await keystore.unlock(id, 'pass')
    expect([identity.id, gas.address]).toEqual([id, gasAddress])
    return undefined
  } catch (error) {
    return toWire(error).name
  }
}

describe('a damaged file at rest', () => {
  test('opens to the same keys or is called damaged, whichever bit is wrong; never a wrong passphrase', async () => {
    const seen = new Map<string | undefined, number>()
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const broken = Buffer.from(bytes)
        broken[at] = (broken[at] ?? 0) ^ (1 << bit)
        const name = await outcome(broken)
        seen.set(name, (seen.get(name) ?? 0) + 1)
      }
    }
    // what still opens: capitals, the two uuids, the names of members that nobody reads
    expect([...seen.keys()].sort()).toEqual(['KeystoreForeign', 'KeystoreUnreadable', undefined])
    expect(seen.get('KeystoreUnreadable')).toBeGreaterThan(bytes.length * 4)
  })

  test('is called damaged at whatever length it ends', async () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(await outcome(bytes.subarray(0, length)), String(length)).toBe('KeystoreUnreadable')
    }
    await writeFile(path, bytes.subarray(0, bytes.length / 2))
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject({ name: 'KeystoreUnreadable' })
  })

  test('is no other identity when files were exchanged', async () => {
    const other = await keystore.create('pass')
    const theirs = (await readdir(directory)).find((name) => name.endsWith(other.id.slice(2))) ?? ''
    await rename(join(directory, theirs), path)
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject({ name: 'KeystoreUnreadable' })
  })
})

test('of a file of another tool no wrong bit opens another key', async () => {
  const wallet = Wallet.createRandom()
  const text = encryptKeystoreJsonSync({ address: wallet.address, privateKey: wallet.privateKey }, 'pass', { scrypt })
  const own = Buffer.from(text)
  for (let at = 0; at < own.length; at++) {
    for (const bit of [0, 5]) {
      const broken = Buffer.from(own)
      broken[at] = (broken[at] ?? 0) ^ (1 << bit)
      let found: string
      try {
        found = (await openKeystore(parseKeystore(broken.toString(), 'It'), 'pass', 'It')).id
      } catch (error) {
        found = toWire(error).name
      }
      // without a checksum, damage in what the passphrase is checked with reads like a wrong passphrase
      expect(['KeystoreForeign', 'KeystoreUnreadable', 'WrongPassphrase', wallet.address.toLowerCase()]).toContain(
        found,
      )
    }
  }
})

describe('what is no keystore', () => {
  const phrase = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
  const key = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
  test.each([
    ['nothing', '', 'KeystoreUnreadable'],
    ['white space', ' \r\n', 'KeystoreUnreadable'],
    ['a recovery phrase', phrase, 'KeystoreForeign'],
    ['a bare private key', key, 'KeystoreForeign'],
    ['a PEM file', `-----BEGIN EC PRIVATE KEY-----\n${btoa(key)}\n-----END EC PRIVATE KEY-----\n`, 'KeystoreForeign'],
    ['an image', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').toString(), 'KeystoreForeign'],
    ['JSON that is something else', '{"name":"mysterium","version":"1.0.0"}', 'KeystoreForeign'],
    ['a network file', '{"name":"local","chainId":31337,"version":3}', 'KeystoreUnreadable'],
    ['a list', '[]', 'KeystoreForeign'],
    ['a text in quotes', JSON.stringify(phrase), 'KeystoreForeign'],
    ['version 1', '{"version":1,"crypto":{}}', 'KeystoreForeign'],
    ['version 4 (validators)', '{"version":4,"crypto":{"kdf":{},"cipher":{}}}', 'KeystoreForeign'],
    ['another cipher', '{"version":3,"crypto":{"cipher":"aes-256-gcm","kdf":"scrypt"}}', 'KeystoreForeign'],
    ['another derivation', '{"version":3,"crypto":{"cipher":"aes-128-ctr","kdf":"argon2id"}}', 'KeystoreForeign'],
    ['a presale wallet', '{"encseed":"00","ethaddr":"00","email":"a@example.org"}', 'KeystoreForeign'],
    ['deep nesting', '{"a":'.repeat(3000), 'KeystoreUnreadable'],
    ['too much', `{"version":3,"x":"${'x'.repeat(MAX_KEYSTORE)}"}`, 'KeystoreForeign'],
    ['much too much', 'x'.repeat(10_000_000), 'KeystoreForeign'],
  ])('%s is refused in one sentence that does not repeat it', async (_what, text, name) => {
    const error = toWire(await keystore.import(text, 'pass').catch((error: unknown) => error))
    expect(error.name).toBe(name)
    expect(error.message).toMatch(/^This keystore is [^.]*\.$/)
    expect(error.message.length).toBeLessThan(120)
    for (const secret of [phrase.slice(0, 12), key.slice(0, 12), btoa(key).slice(0, 12)]) {
      expect(error.message).not.toContain(secret)
    }
  })

  test('a file that asks for more work than any honest one is not begun with', async () => {
    const file = JSON.parse(bytes.toString())
    for (const [name, value] of [
      ['n', 1_073_741_824],
      ['n', 3],
      ['n', 0],
      ['r', 2 ** 20],
      ['p', 2 ** 20],
      ['dklen', 2 ** 30],
      ['salt', '0'],
    ] as const) {
      const crypto = { ...file.crypto, kdfparams: { ...file.crypto.kdfparams, [name]: value } }
      const text = JSON.stringify({ ...file, address: undefined, crypto, 'x-mysterium': undefined })
      await expect(keystore.import(text, 'pass'), name).rejects.toMatchObject({ name: 'KeystoreUnreadable' })
    }
  })
})

describe('a file at rest that others could open', () => {
  const refusal = (message: string) => ({ name: 'KeyFileUnsafe', message })

  test.each([0o644, 0o640, 0o604, 0o620])('with mode %o is refused with the command that repairs it', async (mode) => {
    await chmod(path, mode)
    const expected = refusal(`Other users of this computer can open ${path}; run: chmod 600 '${path}'`)
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject(expected)
    await expect(keystore.export(id)).rejects.toMatchObject(expected)
    await expect(keystore.changePassphrase(id, 'pass', 'new')).rejects.toMatchObject(expected)
    await chmod(path, 0o600)
    await keystore.unlock(id, 'pass')
  })

  test.each([0o755, 0o770, 0o701])('in a folder of mode %o too', async (mode) => {
    await chmod(directory, mode)
    const message = `Other users of this computer can open ${directory}; run: chmod 700 '${directory}'`
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject(refusal(message))
    await chmod(directory, 0o700)
    await keystore.unlock(id, 'pass')
  })

  test('or a symbolic link, or no ordinary file', async () => {
    const elsewhere = join(root, 'elsewhere.json')
    await rename(path, elsewhere)
    await symlink(elsewhere, path)
    const link = refusal(`${path} is a symbolic link; put the file itself there.`)
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject(link)
    await rm(path)
    await mkdir(path)
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject({ name: 'KeyFileUnsafe' })
    await rm(path, { recursive: true })
    await rename(directory, join(root, 'moved'))
    await symlink(join(root, 'moved'), directory)
    await rename(elsewhere, path)
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject({ name: 'KeyFileUnsafe' })
  })

  test('or far larger than a keystore', async () => {
    await writeFile(path, 'x'.repeat(MAX_KEYSTORE + 1))
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject({ name: 'KeyFileUnsafe' })
  })

  test.runIf(process.getuid?.() === 0)('or of another user is refused [needs root]', async () => {
    await chown(path, 65_534, 65_534)
    const message = `${path} belongs to another user; if it is yours, run: sudo chown 0 '${path}'`
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject(refusal(message))
    await chown(path, 0, 0)
    await chown(directory, 65_534, 65_534)
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject({ name: 'KeyFileUnsafe' })
  })
})
