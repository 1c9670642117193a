import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'

import { migrate } from './migrate.ts'
import { openStore } from './open-store.ts'
import { createProgramRepository } from './program-repository.ts'

const dir = mkdtempSync(join(tmpdir(), 'programs-'))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const ID = '00000000000000aa'
const open = (path = ':memory:') => {
  const store = openStore(path)
  migrate(store)
  return { store, repository: createProgramRepository(store) }
}
const backup = { id: ID, name: 'Backup', budget: 2n ** 100n, socksPort: 14_101, createdAtMs: 5 }

it('keeps a program as it is said, changes what is named, and takes wishes back', () => {
  const { repository, store } = open()
  repository.add(backup)
  expect(repository.all()).toEqual([{ ...backup, spent: 0n, reserved: 0n }])
  repository.change(ID, { country: 'DE', maxPricePerUnit: 0n, unit: 'hour', budget: 7n })
  const wished = { ...backup, spent: 0n, reserved: 0n, country: 'DE', maxPricePerUnit: 0n, unit: 'hour', budget: 7n }
  expect(repository.find(ID)).toEqual(wished)
  repository.change(ID, { country: null, maxPricePerUnit: null, unit: null, name: 'Mail', budget: undefined })
  expect(repository.find(ID)).toEqual({ ...backup, spent: 0n, reserved: 0n, budget: 7n, name: 'Mail' })
  repository.remove(ID)
  expect(repository.all()).toEqual([])
  store.close()
})

it('gives out of a budget what is left of it, to the last unit and no more', () => {
  const { repository, store } = open()
  repository.add({ ...backup, budget: 10n })
  expect(repository.reserve(ID, 6n)).toBe(true)
  expect(repository.reserve(ID, 5n)).toBe(false)
  expect(repository.reserve(ID, 4n)).toBe(true)
  repository.settle(ID, 7n)
  expect(repository.find(ID)).toMatchObject({ spent: 7n, reserved: 0n })
  expect([repository.reserve(ID, 4n), repository.reserve(ID, 3n)]).toEqual([false, true])
  repository.change(ID, { budget: 1n })
  expect(repository.reserve(ID, 0n)).toBe(false)
  expect(repository.reserve('00000000000000bb', 0n)).toBe(false)
  store.close()
})

it('counts after a crash what was written down and perhaps never sent', () => {
  const path = join(dir, 'node.db')
  const before = open(path)
  before.repository.add({ ...backup, budget: 10n })
  before.repository.settle(ID, 1n)
  before.repository.reserve(ID, 8n)
  // Nothing is settled: the program was killed. Another looks at the same file.
  const after = open(path)
  after.repository.settleOrphans()
  expect(after.repository.find(ID)).toMatchObject({ spent: 9n, reserved: 0n })
  expect([after.repository.reserve(ID, 2n), after.repository.reserve(ID, 1n)]).toEqual([false, true])
  for (const { store } of [before, after]) store.close()
})
