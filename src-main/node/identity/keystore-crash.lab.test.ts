import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import { silentLogger } from '../lib/logger.ts'
import { createKeystore, type Keystore } from './keystore.ts'

/*
 * A node that is killed (-9) at any instant of a change of its keystore: the keys that were there are
 * there and open, with the old or the new passphrase; nothing half-written is taken for a key, and the
 * next start removes it.
 */
const KILLS = process.env.DEEP === '1' ? 150 : 4
/** Two changes of a file each have about that many; an import writes two files. */
const STEPS = 12
/** Some changes, of half a millisecond to a few milliseconds each. */
const SPAN_MS = 40
const WRITER = fileURLToPath(new URL('../testing/keystore-writer.ts', import.meta.url))
const scrypt = { N: 2, r: 1, p: 1 }

type Told = { ready?: true; id?: IdentityId; passphrase?: string; gasAccount?: string }
let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'keystore-crash-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const open = (home: string) => createKeystore(join(home, 'keystore'), { log: silentLogger }, { scrypt })
const unfinished = async (home: string) =>
  (await readdir(join(home, 'keystore'))).filter((name) => name.endsWith('.tmp')).length

/** At which step on the disk each turn is killed: at every one in order, then wherever the clock says. */
const instants = [...Array.from({ length: STEPS }, (_, step) => step + 1), ...Array.from({ length: KILLS }, () => 0)]
const timeout = instants.length * 10_000

/** Lets the writer work until that step, or for a moment, and starts anew after it; what it said before. */
async function killed(home: string, step: number, ...args: string[]): Promise<{ told: Told[]; keystore: Keystore }> {
  const all = ['--disable-warning=ExperimentalWarning', WRITER, home, String(step), ...args]
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'] })
  const told: Told[] = []
  const ended = new Promise<unknown>((resolve) => child.once('close', (_code, signal) => resolve(signal)))
  const lines = createInterface({ input: child.stdout })
  const ready = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      told.push(JSON.parse(line) as Told)
      resolve()
    })
  })
  if (step === 0) {
    await Promise.race([ready, ended])
    await new Promise((resolve) => setTimeout(resolve, Math.random() * SPAN_MS))
    child.kill('SIGKILL')
  }
  expect(await ended).toBe('SIGKILL')
  const keystore = open(home)
  await keystore.settle()
  expect(await unfinished(home).catch(() => 0)).toBe(0)
  return { told: told.slice(1), keystore }
}

test('in the middle of creating', { timeout }, async () => {
  for (const [turn, step] of instants.entries()) {
    const home = join(root, String(turn))
    const { told, keystore } = await killed(home, step, 'create', '')
    const all = (await keystore.list()).map(({ id }) => id)
    expect(all).toEqual(expect.arrayContaining(told.map(({ id }) => id)))
    // at most the one that was not told of any more
    expect(all.length - told.length).toBeLessThanOrEqual(1)
    for (const id of all) expect((await keystore.unlock(id, 'pass')).identity.id).toBe(id)
  }
})

test('in the middle of importing', { timeout }, async () => {
  const origin = open(join(root, 'origin'))
  const texts = new Map<IdentityId, { text: string; gas: string }>()
  for (let count = 0; count < 100; count++) {
    const { id } = await origin.create('pass')
    const { gas } = await origin.unlock(id, 'pass')
    texts.set(id, { text: (await origin.export(id)).keystore, gas: gas.address })
  }
  for (const [turn, step] of instants.entries()) {
    const home = join(root, String(turn))
    const { told, keystore } = await killed(home, step, 'import', '', ...[...texts.values()].map(({ text }) => text))
    const all = await keystore.list()
    expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining(told.map(({ id }) => id)))
    expect(all.length - told.length).toBeLessThanOrEqual(1)
    for (const { id } of all) expect((await keystore.unlock(id, 'pass')).gas.address).toBe(texts.get(id)?.gas)
    // what was told of counts as backed up; the list of those is written whole or not at all too
    const backedUp = new Set(all.filter((one) => one.backedUp).map(({ id }) => id))
    for (const { id } of told) expect(backedUp).toContain(id)
  }
})

test('in the middle of changing the passphrase', { timeout }, async () => {
  for (const [turn, step] of instants.entries()) {
    const home = join(root, String(turn))
    const { id } = await open(home).create('0')
    const gas = (await open(home).unlock(id, '0')).gas.address
    const { told, keystore } = await killed(home, step, 'change', id)
    const last = Number(told.at(-1)?.passphrase ?? '0')
    // or done, but killed before it could say so
    const unlocked = await keystore.unlock(id, String(last)).catch(() => keystore.unlock(id, String(last + 1)))
    expect([unlocked.identity.id, unlocked.gas.address]).toEqual([id, gas])
    expect(await keystore.list()).toHaveLength(1)
  }
})

test('what a killed write leaves is no key, and nothing of anybody else is removed', async () => {
  const keystore = open(root)
  const { id } = await keystore.create('pass')
  const directory = join(root, 'keystore')
  const text = (await keystore.export(id)).keystore
  await writeFile(join(directory, `.${crypto.randomUUID()}.tmp`), text.slice(0, 100))
  await writeFile(join(directory, `.${crypto.randomUUID()}.tmp`), text)
  await writeFile(join(directory, 'notes.tmp'), 'mine')
  expect(await keystore.list()).toHaveLength(1)
  await keystore.settle()
  expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual(['notes.tmp'])
  expect(await keystore.list()).toHaveLength(1)
})
