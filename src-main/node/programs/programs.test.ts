import { expect, it } from 'vitest'
import { commands } from '#shared/contract/commands.ts'
import { MYST } from '#shared/model/units.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createProgramRepository } from '../storage/program-repository.ts'
import { createManualClock } from '../testing/manual-clock.ts'
import { createPrograms } from './programs.ts'

function setUp() {
  const store = openStore(':memory:')
  migrate(store)
  const clock = createManualClock()
  const start = () =>
    createPrograms({
      ...{ repository: createProgramRepository(store), clock, query: () => [] },
      needConnections() {
        throw new Error('locked')
      },
    })
  return { ...start(), start, clock, store }
}
const terms = { name: 'Backup', budget: MYST }

it('keeps what is added, with a port of its own each, until it is removed', async () => {
  const { handlers, start } = setUp()
  const first = await handlers['programs.add']({ ...terms, country: 'DE', unit: 'GiB', maxPricePerUnit: 1n })
  const second = await handlers['programs.add'](terms)
  const [one, two] = start().views()
  expect(one).toMatchObject({ ...first, ...terms, country: 'DE', unit: 'GiB', maxPricePerUnit: 1n, spent: 0n })
  expect(one?.connection).toEqual({ name: 'disconnected' })
  expect(two?.socksPort).not.toBe(one?.socksPort)
  const taken = { ...terms, socksPort: one?.socksPort ?? 0 }
  await expect(handlers['programs.add'](taken)).rejects.toMatchObject({ name: 'SocksPortTaken' })
  await expect(handlers['programs.change']({ ...second, ...taken })).rejects.toMatchObject({ name: 'SocksPortTaken' })
  await handlers['programs.change']({ ...first, ...taken, country: null })
  await handlers['programs.remove'](second)
  expect(start().views()).toEqual([{ ...one, country: undefined }].map(({ country: _none, ...rest }) => rest))
  await expect(handlers['programs.change']({ ...second, budget: 1n })).rejects.toMatchObject({ name: 'ProgramUnknown' })
})

it('has no more of them than there may be', async () => {
  const { handlers } = setUp()
  for (let count = 0; count < 32; count++) await handlers['programs.add'](terms)
  await expect(handlers['programs.add'](terms)).rejects.toMatchObject({ name: 'TooManyPrograms' })
})

it('knows a key once it is made, by nothing that is kept, until there is another one or none', async () => {
  const { handlers, byKey, views, store, clock } = setUp()
  const { id } = await handlers['programs.add'](terms)
  const other = await handlers['programs.add'](terms)
  const { key } = await handlers['programs.newKey']({ id })
  expect(key).toMatch(/^myst_[\w-]{43}$/)
  expect(views()[0]).toMatchObject({ id, keyHint: key.slice(-4) })
  expect(JSON.stringify(store.all('SELECT * FROM program'))).not.toContain(key.slice(0, -4))
  await clock.advance(60_000)
  expect(byKey(key)).toMatchObject({ id, lastUsedAtMs: clock.now() })
  expect(byKey((await handlers['programs.newKey'](other)).key)).toMatchObject(other)
  const { key: next } = await handlers['programs.newKey']({ id })
  expect(byKey(key)).toBeUndefined()
  expect(byKey(next)).toMatchObject({ id })
  await handlers['programs.dropKey']({ id })
  expect(byKey(next)).toBeUndefined()
  expect(views()[0]).not.toHaveProperty('keyHint')
  for (const guess of ['', 'myst_', `${next}x`, '00'.repeat(32)]) expect(byKey(guess)).toBeUndefined()
})

it.each([
  ...['', ' ', ' Backup', 'Back\nup', 'Back\u001b[31mup', 'Back\u202eup', 'Back\u200bup', 'x'.repeat(41), '\u0000'],
])('refuses %j as a name', (name) => {
  const { success } = commands['programs.add'].input.safeParse({ ...terms, name })
  expect(success).toBe(false)
})

it.each(['Backup', 'Größe 8', '备份', 'x'.repeat(40)])('takes %j as a name', (name) => {
  expect(commands['programs.add'].input.safeParse({ ...terms, name }).success).toBe(true)
})
