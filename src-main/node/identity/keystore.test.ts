import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryptKeystoreJsonSync, Transaction, Wallet } from 'ethers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import { silentLogger } from '../lib/logger.ts'
import { createKeystore, type Keystore } from './keystore.ts'

const scrypt = { N: 2, r: 1, p: 1 }
let root: string
let directory: string
let keystore: Keystore

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'keystore-'))
  directory = join(root, 'identities')
  keystore = createKeystore(directory, { log: silentLogger }, { scrypt })
})
afterEach(() => rm(root, { recursive: true, force: true }))

const fileOf = async (id: IdentityId) => {
  const name = (await readdir(directory)).find((one) => one.endsWith(id.slice(2)))
  if (!name) throw new Error('there is no such file')
  return join(directory, name)
}

describe('the keystore', () => {
  test('creates an identity that unlocks after a restart, with a gas account of its own', async () => {
    const { id } = await keystore.create('correct horse')
    const again = createKeystore(directory, { log: silentLogger }, { scrypt })
    const { identity, gas } = await again.unlock(id, 'correct horse')
    expect(identity.id).toBe(id)
    expect(gas.address.toLowerCase()).not.toBe(id)
    const raw = await gas.sign({
      to: id,
      value: 1n,
      chainId: 31_337,
      nonce: 0,
      gasLimit: 21_000,
      gasPrice: 1n,
      type: 0,
    })
    expect(Transaction.from(raw).from).toBe(gas.address)
    expect((await again.unlock(id, 'correct horse')).gas.address).toBe(gas.address)
    expect(await again.list()).toEqual([{ id, backedUp: false }])
  })

  test('keeps files from everybody else and leaves nothing half-written', async () => {
    const { id } = await keystore.create('pass')
    const path = await fileOf(id)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    expect(await readdir(directory)).toEqual([path.split('/').pop()])
    expect(path).toMatch(/\/UTC--\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{9}Z--[0-9a-f]{40}$/)
    await chmod(directory, 0o755)
    await keystore.create('pass')
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
  })

  test('remembers a backup only when it was opened', async () => {
    const { id } = await keystore.create('pass')
    const { keystore: text } = await keystore.export(id)
    await expect(keystore.proveBackup(text, 'wrong')).rejects.toMatchObject({ name: 'WrongPassphrase' })
    expect(await keystore.list()).toEqual([{ id, backedUp: false }])
    expect(await keystore.proveBackup(text, 'pass')).toEqual({ id })
    expect(await keystore.list()).toEqual([{ id, backedUp: true }])
    const wallet = Wallet.createRandom()
    const other = encryptKeystoreJsonSync({ address: wallet.address, privateKey: wallet.privateKey }, 'pass', {
      scrypt,
    })
    await expect(keystore.proveBackup(other, 'pass')).rejects.toMatchObject({ name: 'IdentityUnknown' })
  })

  test('gives each bad case its own error', async () => {
    const { id } = await keystore.create('pass')
    const { keystore: text } = await keystore.export(id)
    await expect(keystore.unlock(id, 'wrong')).rejects.toMatchObject({ name: 'WrongPassphrase' })
    await expect(keystore.import(text, 'pass')).rejects.toMatchObject({ name: 'IdentityExists' })
    await expect(keystore.unlock(`0x${'00'.repeat(20)}`, 'pass')).rejects.toMatchObject({ name: 'IdentityUnknown' })
    await expect(keystore.export(`0x${'00'.repeat(20)}`)).rejects.toMatchObject({ name: 'IdentityUnknown' })
    for (const [bad, name] of [
      ['', 'KeystoreUnreadable'],
      [text.slice(0, -20), 'KeystoreUnreadable'],
      [JSON.stringify({ ...JSON.parse(text), crypto: {} }), 'KeystoreForeign'],
      [JSON.stringify({ ...JSON.parse(text), crypto: null }), 'KeystoreUnreadable'],
      [JSON.stringify({ ...JSON.parse(text), version: 1 }), 'KeystoreForeign'],
      ['{"encseed":"00","ethaddr":"00"}', 'KeystoreForeign'],
      ['[]', 'KeystoreForeign'],
      [text.replace(/"n":2\b/, '"n":1073741824'), 'KeystoreUnreadable'],
      [text.replace(/"mac":"[^"]*"/, '"mac":"00"'), 'KeystoreUnreadable'],
    ]) {
      await expect(keystore.import(bad ?? '', 'pass'), bad).rejects.toMatchObject({ name })
    }
    const path = await fileOf(id)
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 100))
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject({ name: 'KeystoreUnreadable' })
    await writeFile(path, '{"version":1}')
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject({ name: 'KeystoreForeign' })
  })

  test('notices a file that holds another key than its name says', async () => {
    const one = await keystore.create('pass')
    const two = await keystore.create('pass')
    const { address: _dropped, ...rest } = JSON.parse((await keystore.export(two.id)).keystore)
    await writeFile(await fileOf(one.id), JSON.stringify(rest))
    await expect(keystore.unlock(one.id, 'pass')).rejects.toMatchObject({ name: 'KeystoreUnreadable' })
  })

  test('brings in gas accounts that once lay beside, and replaces none in silence', async () => {
    const { id } = await keystore.create('pass')
    const { gas } = await keystore.unlock(id, 'pass')
    const path = await fileOf(id)
    const { 'x-mysterium': extra, ...identity } = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify(identity))
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject({ name: 'GasAccountMissing' })
    await keystore.settle()
    await expect(keystore.unlock(id, 'pass')).rejects.toMatchObject({ name: 'GasAccountMissing' })

    await mkdir(join(directory, 'gas'))
    const beside = join(directory, 'gas', `${id}.json`)
    await writeFile(beside, JSON.stringify(extra.gas), { mode: 0o600 })
    await keystore.settle()
    expect((await keystore.unlock(id, 'pass')).gas.address).toBe(gas.address)
    expect(await readdir(join(directory, 'gas'))).toEqual([])
  })

  test('changes the passphrase of both keys at once; backups have to be proved anew', async () => {
    const { id } = await keystore.create('first')
    const { gas } = await keystore.unlock(id, 'first')
    const old = (await keystore.export(id)).keystore
    await keystore.proveBackup(old, 'first')
    await expect(keystore.changePassphrase(id, 'wrong', 'second')).rejects.toMatchObject({ name: 'WrongPassphrase' })
    expect(await keystore.list()).toEqual([{ id, backedUp: true }])
    await keystore.changePassphrase(id, 'first', 'second')
    await expect(keystore.unlock(id, 'first')).rejects.toMatchObject({ name: 'WrongPassphrase' })
    expect(await keystore.unlock(id, 'second')).toMatchObject({ identity: { id }, gas: { address: gas.address } })
    // The backup holds both keys still, and opens as it did.
    expect(await keystore.list()).toEqual([{ id, backedUp: false, backedUpBefore: true }])
    expect(await readdir(directory)).toHaveLength(2)
    await keystore.proveBackup((await keystore.export(id)).keystore, 'second')
    expect(await keystore.list()).toEqual([{ id, backedUp: true }])
  })

  test('comes back under the passphrase of a backup when the present one is forgotten', async () => {
    const { id } = await keystore.create('first')
    const { gas } = await keystore.unlock(id, 'first')
    const old = (await keystore.export(id)).keystore
    await keystore.changePassphrase(id, 'first', 'forgotten')
    const foreign = createKeystore(join(root, 'foreign'), { log: silentLogger }, { scrypt })
    const other = await foreign.create('first')
    const backup = (await foreign.export(other.id)).keystore
    await expect(keystore.restore(backup, 'first')).rejects.toMatchObject({ name: 'IdentityUnknown' })
    await expect(keystore.restore(old, 'wrong')).rejects.toMatchObject({ name: 'WrongPassphrase' })
    const { 'x-mysterium': _extra, ...without } = JSON.parse(old)
    await expect(keystore.restore(JSON.stringify(without), 'first')).rejects.toMatchObject({ name: 'BackupIncomplete' })
    expect(await keystore.unlock(id, 'forgotten')).toMatchObject({ identity: { id } })

    expect(await keystore.restore(old, 'first')).toEqual({ id })
    await expect(keystore.unlock(id, 'forgotten')).rejects.toMatchObject({ name: 'WrongPassphrase' })
    expect(await keystore.unlock(id, 'first')).toMatchObject({ identity: { id }, gas: { address: gas.address } })
    expect(await keystore.list()).toEqual([{ id, backedUp: true }])
  })

  test('restores identity and gas account from a backup on another computer', async () => {
    const { id } = await keystore.create('pass')
    const { gas } = await keystore.unlock(id, 'pass')
    const { keystore: backup } = await keystore.export(id)
    const elsewhere = createKeystore(join(root, 'elsewhere'), { log: silentLogger }, { scrypt })
    expect(await elsewhere.import(backup, 'pass')).toEqual({ id, gasAccount: 'restored' })
    expect((await elsewhere.unlock(id, 'pass')).gas.address).toBe(gas.address)
    expect(await elsewhere.list()).toEqual([{ id, backedUp: true }])
  })

  test('gives a file without a gas account a new one, says so, and counts it as no backup', async () => {
    const { id } = await keystore.create('pass')
    const { gas } = await keystore.unlock(id, 'pass')
    const { 'x-mysterium': _extra, ...rest } = JSON.parse((await keystore.export(id)).keystore)
    const identityOnly = JSON.stringify(rest)
    await expect(keystore.proveBackup(identityOnly, 'pass')).rejects.toMatchObject({ name: 'BackupIncomplete' })
    const elsewhere = createKeystore(join(root, 'elsewhere'), { log: silentLogger }, { scrypt })
    expect(await elsewhere.import(identityOnly, 'pass')).toEqual({ id, gasAccount: 'new' })
    expect((await elsewhere.unlock(id, 'pass')).gas.address).not.toBe(gas.address)
    const other = (await elsewhere.export(id)).keystore
    await expect(keystore.proveBackup(other, 'pass')).rejects.toMatchObject({ name: 'BackupOutdated' })
    expect(await elsewhere.list()).toEqual([{ id, backedUp: false }])
    expect(await keystore.list()).toEqual([{ id, backedUp: false }])
  })

  test('lets one of two imports of the same identity win', async () => {
    const wallet = Wallet.createRandom()
    const text = encryptKeystoreJsonSync({ address: wallet.address, privateKey: wallet.privateKey }, 'pass', { scrypt })
    const results = await Promise.allSettled([keystore.import(text, 'pass'), keystore.import(text, 'pass')])
    expect(results.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})
