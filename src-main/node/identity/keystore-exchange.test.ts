import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesToHex } from '@noble/hashes/utils.js'
import { decryptKeystoreJson, encryptKeystoreJsonSync, Wallet } from 'ethers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { identityOf, publicKeyOf } from '../lib/secp256k1.ts'
import { createKeystore, type Keystore } from './keystore.ts'
import { openKeystore } from './keystore-cipher.ts'
import { parseKeystore } from './keystore-format.ts'

/** Published examples of others: the Web3 Secret Storage Definition's and those geth tests itself with. */
const vectors = JSON.parse(readFileSync(new URL('./keystore-vectors.json', import.meta.url), 'utf8')) as {
  opens: { what: string; passphrase: string; privateKey?: string; address?: string; keystore: object }[]
  refused: { what: string; error: string; keystore: object }[]
}

const scrypt = { N: 2, r: 8, p: 1 }
let root: string
let keystore: Keystore

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'keystore-exchange-'))
  keystore = createKeystore(join(root, 'keystore'), { log: silentLogger }, { scrypt })
})
afterEach(() => rm(root, { recursive: true, force: true }))

describe('files of others', () => {
  test.each(vectors.opens)('$what opens', async ({ passphrase, privateKey, address, keystore: file }) => {
    const opened = await openKeystore(parseKeystore(JSON.stringify(file), 'It'), passphrase, 'It')
    if (privateKey) expect(bytesToHex(opened.privateKey)).toBe(privateKey)
    if (address) expect(opened.id).toBe(address)
    const imported = await keystore.import(JSON.stringify(file), passphrase)
    expect(imported).toEqual({ id: opened.id, gasAccount: 'new' })
    expect((await keystore.unlock(opened.id, passphrase)).identity.id).toBe(opened.id)
  })

  test.each(vectors.refused)('$what is refused', async ({ error, keystore: file }) => {
    await expect(keystore.import(JSON.stringify(file), 'foo')).rejects.toMatchObject({ name: error })
  })

  const wallet = Wallet.createRandom()
  const written = encryptKeystoreJsonSync({ address: wallet.address, privateKey: wallet.privateKey }, 'theirs', {
    scrypt,
  })
  const { Crypto: content, ...rest } = JSON.parse(written)
  const hex = (value: string) => `0x${value}`
  test.each([
    ['as ethers writes it ("Crypto")', written],
    ['with "crypto"', JSON.stringify({ ...rest, crypto: content })],
    ['without its address', JSON.stringify({ ...rest, Crypto: content, address: undefined })],
    ['with 0x before its address', JSON.stringify({ ...rest, Crypto: content, address: wallet.address })],
    [
      'with 0x before its values',
      JSON.stringify({
        ...rest,
        crypto: {
          ...content,
          ciphertext: hex(content.ciphertext),
          mac: hex(content.mac),
          cipherparams: { iv: hex(content.cipherparams.iv) },
          kdfparams: { ...content.kdfparams, salt: hex(content.kdfparams.salt) },
        },
      }),
    ],
    ['in capitals, with white space', JSON.stringify({ ...rest, Crypto: content }, null, 4).toUpperCase()],
    ['with a byte order mark and a line break', `\ufeff${written}\r\n`],
  ])('a file of ethers opens %s', async (how, text) => {
    // what is not a value has its one spelling
    const spelled = how.startsWith('in capitals')
      ? text
          .replace('"AES-128-CTR"', '"aes-128-ctr"')
          .replace('"SCRYPT"', '"scrypt"')
          .replaceAll(/"\w+":/g, lower)
      : text
    expect(await keystore.import(spelled, 'theirs')).toEqual({ id: wallet.address.toLowerCase(), gasAccount: 'new' })
  })
  const lower = (name: string) => name.toLowerCase()
})

describe('a file of ours', () => {
  test('opens in ethers as the identity, and the member for it as the gas account', async () => {
    const { id } = await keystore.create('pass')
    const { gas } = await keystore.unlock(id, 'pass')
    const { keystore: text, fileName } = await keystore.export(id)
    expect(fileName).toBe(`mysterium-backup-${id}.json`)
    expect((await decryptKeystoreJson(text, 'pass')).address.toLowerCase()).toBe(id)
    const inner = JSON.stringify(JSON.parse(text)['x-mysterium'].gas)
    expect((await decryptKeystoreJson(inner, 'pass')).address).toBe(gas.address)
  })

  test('has the members geth reads, in the types it reads them', async () => {
    const { id } = await keystore.create('pass')
    const file = JSON.parse((await keystore.export(id)).keystore)
    const of = (digits: number) => expect.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`))
    expect(file).toEqual({
      address: id.slice(2),
      crypto: {
        cipher: 'aes-128-ctr',
        cipherparams: { iv: of(32) },
        ciphertext: of(64),
        kdf: 'scrypt',
        kdfparams: { dklen: 32, n: 2, p: 1, r: 8, salt: of(64) },
        mac: of(64),
      },
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/),
      version: 3,
      'x-mysterium': { gas: expect.objectContaining({ version: 3 }), checksum: of(64) },
    })
  })

  test('asks its passphrase once for both keys: they share a salt, and never an IV', async () => {
    const { id } = await keystore.create('pass')
    const file = JSON.parse((await keystore.export(id)).keystore)
    const gas = file['x-mysterium'].gas
    expect(gas.crypto.kdfparams).toEqual(file.crypto.kdfparams)
    expect(gas.crypto.cipherparams.iv).not.toBe(file.crypto.cipherparams.iv)
    // A file of before, with a salt for each.
    const other = JSON.parse((await keystore.export((await keystore.create('pass')).id)).keystore)
    const [one, two] = [file, other['x-mysterium'].gas].map((part) => parseKeystore(JSON.stringify(part), 'It'))
    if (!one || !two) throw new Error('two files, two keys')
    const opened = await openKeystore({ ...one, gas: two }, 'pass', 'It')
    expect([opened.id, identityOf(publicKeyOf(opened.gasKey))]).toEqual([one.address, two.address])
  })

  test('survives being written anew by another tool: other order, spaces and capitals', async () => {
    const { id } = await keystore.create('pass')
    const { 'x-mysterium': extra, ...rest } = JSON.parse((await keystore.export(id)).keystore)
    const turned = {
      'X-Mysterium': { gas: extra.gas, checksum: extra.checksum },
      ...rest,
      address: `0x${rest.address}`,
    }
    const elsewhere = createKeystore(join(root, 'elsewhere'), { log: silentLogger }, { scrypt })
    expect(await elsewhere.import(JSON.stringify(turned, null, 2), 'pass')).toEqual({ id, gasAccount: 'restored' })
  })
})

describe('passphrases beyond ASCII', () => {
  const composed = 'caf\u00e9'
  const decomposed = 'cafe\u0301'

  test('open whichever way another system spells them, also in ethers', async () => {
    const { id } = await keystore.create(decomposed)
    await keystore.unlock(id, composed)
    const { keystore: text } = await keystore.export(id)
    expect((await decryptKeystoreJson(text, composed)).address.toLowerCase()).toBe(id)
  })

  test('open a file of geth, which takes them as they were typed', async () => {
    const wallet = Wallet.createRandom()
    const account = { address: wallet.address, privateKey: wallet.privateKey }
    const typed = encryptKeystoreJsonSync(account, new TextEncoder().encode(decomposed), { scrypt })
    await expect(keystore.import(typed, composed)).rejects.toMatchObject({ name: 'WrongPassphrase' })
    expect((await keystore.import(typed, decomposed)).id).toBe(wallet.address.toLowerCase())
  })
})

test('a copy of the file is a backup, whatever it is called', async () => {
  const { id } = await keystore.create('pass')
  const { keystore: text } = await keystore.export(id)
  const path = join(root, 'my backup.txt')
  await writeFile(path, text)
  expect(await keystore.proveBackup(await readFile(path, 'utf8'), 'pass')).toEqual({ id })
})
