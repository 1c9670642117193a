import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRememberedUnlock } from '../../src-main/desktop/remembered-unlock.ts'
import { startNode } from '../../src-main/desktop/start-node.ts'
import { silentLogger } from '../../src-main/node/lib/logger.ts'
import type { IdentityId } from '../../src-shared/model/identity.ts'
import { createSafeStorage } from './safe-storage.ts'

const id: IdentityId = `0x${'ab'.repeat(20)}`
const PASSPHRASE = 'correct horse battery staple'
let home: string
let path: string
let safeStorage: ReturnType<typeof createSafeStorage>

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'myst-remembered-'))
  path = join(home, 'remembered-unlock.json')
  safeStorage = createSafeStorage()
})
afterEach(() => rm(home, { recursive: true, force: true }))

const keychain = (change: Partial<typeof safeStorage> = {}, platform: NodeJS.Platform = 'linux') =>
  createRememberedUnlock({ safeStorage: { ...safeStorage, ...change }, platform, log: silentLogger }, path)

describe('a remembered passphrase', () => {
  test('comes back to the login that kept it, and to no other', async () => {
    await keychain().keep(id, PASSPHRASE)
    expect(await keychain().recall()).toEqual({ id, passphrase: PASSPHRASE })
    expect(await keychain().holder()).toBe(id)
    const other = createRememberedUnlock(
      { safeStorage: createSafeStorage(), platform: 'linux', log: silentLogger },
      path,
    )
    expect(await other.recall()).toBeUndefined()
  })

  test('rests sealed, in a file of its owner alone', async () => {
    await keychain().keep(id, PASSPHRASE)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const text = await readFile(path, 'utf8')
    for (const form of [PASSPHRASE, Buffer.from(PASSPHRASE).toString('base64').slice(0, 20)]) {
      expect(text).not.toContain(form)
      expect(Buffer.from(JSON.parse(text).sealed, 'base64').toString('latin1')).not.toContain(form)
    }
  })

  test.each(['basic_text', 'unknown'] as const)('is never kept where Linux has no keychain (%s)', async (backend) => {
    const clear = keychain({ getSelectedStorageBackend: () => backend })
    expect(await clear.obstacle()).toMatch(/no keychain/)
    await expect(clear.keep(id, PASSPHRASE)).rejects.toMatchObject({ name: 'KeychainUnavailable' })
    expect(await readdir(home)).toEqual([])
  })

  test('is never kept when what comes back is protected by nothing, or the keychain is away', async () => {
    const open = keychain({ encryptStringAsync: async (text) => Buffer.from(`v10${text}`) })
    await expect(open.keep(id, PASSPHRASE)).rejects.toMatchObject({ name: 'KeychainUnavailable' })
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      const away = keychain({ isAsyncEncryptionAvailable: async () => false }, platform)
      expect(await away.obstacle()).toMatch(/cannot be used/)
      await expect(away.keep(id, PASSPHRASE)).rejects.toMatchObject({ name: 'KeychainUnavailable' })
      const broken = keychain({ isAsyncEncryptionAvailable: () => Promise.reject(new Error('no bus')) }, platform)
      expect(await broken.obstacle()).toMatch(/cannot be used/)
    }
    expect(await readdir(home)).toEqual([])
  })

  test('asks about backends on Linux only: elsewhere there is no such function', async () => {
    const { getSelectedStorageBackend: _linux, ...rest } = safeStorage
    const mac = createRememberedUnlock(
      { safeStorage: rest as typeof safeStorage, platform: 'darwin', log: silentLogger },
      path,
    )
    await mac.keep(id, PASSPHRASE)
    expect(await mac.recall()).toEqual({ id, passphrase: PASSPHRASE })
  })

  test('is sealed anew when the keychain has a new key', async () => {
    await keychain().keep(id, PASSPHRASE)
    const before = await readFile(path, 'utf8')
    const renewing = keychain({
      decryptStringAsync: async (sealed) => ({
        ...(await safeStorage.decryptStringAsync(sealed)),
        shouldReEncrypt: true,
      }),
    })
    expect(await renewing.recall()).toEqual({ id, passphrase: PASSPHRASE })
    expect(await readFile(path, 'utf8')).not.toBe(before)
    expect(await keychain().recall()).toEqual({ id, passphrase: PASSPHRASE })
  })

  test('is not used from a file that is damaged or open to others, and goes when it is forgotten', async () => {
    await keychain().keep(id, PASSPHRASE)
    const text = await readFile(path, 'utf8')
    for (const damaged of [
      '',
      '{',
      '[]',
      text.slice(0, -4),
      JSON.stringify({ identity: id, sealed: 'AAAA'.repeat(20) }),
      '{"identity":"x"}',
    ]) {
      await writeFile(path, damaged)
      expect(await keychain().recall(), damaged).toBeUndefined()
    }
    await writeFile(path, text)
    await chmod(path, 0o644)
    expect(await keychain().recall()).toBeUndefined()
    await chmod(path, 0o600)
    expect(await keychain().recall()).toBeDefined()
    await keychain().forget()
    await keychain().forget()
    expect(await readdir(home)).toEqual([])
  })
})

describe('the app', () => {
  const start = (change: Partial<typeof safeStorage> = {}) =>
    startNode({ home, networkFile: '', keychain: keychain(change) }, silentLogger)

  /** Starts, does something, ends. */
  async function during<Result>(work: (node: Awaited<ReturnType<typeof start>>) => Promise<Result>, change = {}) {
    const node = await start(change)
    try {
      return await work(node)
    } finally {
      await node.stop()
    }
  }

  test('starts unlocked when that was asked for, also after its passphrase was changed', async () => {
    const made = await during(async ({ handlers, state }) => {
      expect(state.get().identity.keychain).toEqual({})
      const created = await handlers['identity.create']({ passphrase: PASSPHRASE, remember: true })
      expect(state.get().identity.keychain).toEqual({ remembers: created.id })
      return created.id
    })
    await during(async ({ handlers, state }) => {
      await state.when(({ identity }) => identity.unlocked)
      expect(state.get().identity).toMatchObject({ active: made, unlocked: true, keychain: { remembers: made } })
      await handlers['identity.changePassphrase']({ id: made, old: PASSPHRASE, new: 'another one' })
    })
    await during(({ state }) => state.when(({ identity }) => identity.unlocked))
  })

  test('starts locked when it is forgotten, or fits no more', async () => {
    const made = await during(async ({ handlers, state }) => {
      const { id } = await handlers['identity.create']({ passphrase: PASSPHRASE, remember: true })
      await handlers['identity.forget']({})
      expect(state.get().identity).toMatchObject({ unlocked: true, keychain: {} })
      return id
    })
    await during(async ({ handlers, state }) => {
      expect(state.get().identity).toMatchObject({ unlocked: false, keychain: {} })
      await handlers['identity.unlock']({ id: made, passphrase: PASSPHRASE, remember: true })
      expect(state.get().identity.keychain).toEqual({ remembers: made })
      await handlers['identity.unlock']({ id: made, passphrase: PASSPHRASE, remember: false })
    })
    expect(await keychain().recall()).toBeUndefined()
    // changed meanwhile by the command line
    await keychain().keep(made, 'an old one')
    await during(async ({ state }) => {
      // The window is there meanwhile, and says that it unlocks.
      await state.when(({ identity }) => identity.unlocking === true)
      await state.when(({ identity }) => identity.unlocking === false && identity.keychain?.remembers === undefined)
      expect(state.get().identity).toMatchObject({ unlocked: false, keychain: {} })
    })
    expect(await keychain().recall()).toBeUndefined()
  })

  test('starts locked where there is no keychain, shows none, and keeps nothing', async () => {
    const clear = { getSelectedStorageBackend: () => 'basic_text' as const }
    await during(async ({ handlers, state }) => {
      expect(state.get().identity.keychain).toBeUndefined()
      const create = handlers['identity.create']({ passphrase: PASSPHRASE, remember: true })
      await expect(create).rejects.toMatchObject({ name: 'KeychainUnavailable' })
      expect(state.get().identity.all).toEqual([])
    }, clear)
    expect(await readdir(home)).not.toContain('remembered-unlock.json')
  })
})
