import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { CommandParsed } from '#shared/contract/commands.ts'
import { DEFAULT_SETTINGS } from '#shared/contract/settings.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import { initialState } from './initial-state.ts'
import { silentLogger } from './lib/logger.ts'
import { openSharedLast } from './shared-last.ts'
import { createStateTree } from './state-tree.ts'

const TERMS: CommandParsed<'share.start'> = {
  ...{ services: ['socks'], pricePerUnit: 10n ** 17n, unit: 'GiB', country: 'DE' },
  ...{ bandwidthMbps: 20, maxSessions: 5, hours: '08:00-23:00', monthlyBytes: 2n ** 40n },
}
const [ME, OTHER] = ['1', '2'].map((digit) => `0x${digit.repeat(40)}`) as [IdentityId, IdentityId]

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'myst-shared-'))
})
afterEach(() => rmSync(home, { recursive: true }))

/** As after a start of the program: nobody is unlocked, nothing is shared. */
function start(active?: IdentityId) {
  const connection = { name: 'disconnected' as const }
  const state = createStateTree(initialState({ network: undefined, settings: DEFAULT_SETTINGS, connection }))
  const become = async (id: IdentityId) => {
    state.set({ identity: { ...state.get().identity, active: id, unlocked: true, registration: 'registered' } })
    state.set({ network: { ...state.get().network, chain: 'online', broker: 'online' } })
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (active) state.set({ identity: { ...state.get().identity, active } })
  const last = openSharedLast(home, { state, log: silentLogger })
  last.show()
  const interrupted = () => state.get().share.interrupted
  return { state, last, become, interrupted }
}

function again(run: ReturnType<typeof start>, fails?: Error) {
  const asked: unknown[] = []
  const told: (string | undefined)[] = []
  const share = async (terms: unknown) => {
    asked.push(terms)
    if (fails) throw fails
  }
  const giveUp = run.last.again(share, (problem) => void told.push(problem))
  return { asked, told, giveUp }
}

it('knows what the end of the program stopped, and not what a person did', async () => {
  const before = start(ME)
  expect(before.interrupted()).toBeUndefined()
  await before.last.started(TERMS)
  const ended = start()
  expect(ended.interrupted()).toEqual(TERMS)
  await ended.last.stopped()
  expect(ended.interrupted()).toBeUndefined()
  expect(start().interrupted()).toBeUndefined()
})

it('shares again with the same terms, once everything it needs is there', async () => {
  await start(ME).last.started(TERMS)
  const now = start()
  const { asked, told } = again(now)
  expect(told).toEqual(['Sharing waits until you unlock your identity.'])
  expect(asked).toEqual([])
  await now.become(ME)
  expect(asked).toEqual([TERMS])
  expect(told.at(-1)).toBeUndefined()
})

it('says why it did not, and leaves it to a person who acted first', async () => {
  await start(ME).last.started(TERMS)
  const refused = start()
  const first = again(refused, new MystError('LockdownInTheWay', 'Switch lockdown off to share.'))
  await refused.become(ME)
  expect(first.told.at(-1)).toBe('Switch lockdown off to share.')
  expect(refused.interrupted()).toEqual(TERMS)

  const given = start()
  const second = again(given)
  second.giveUp()
  await given.become(ME)
  expect(second.asked).toEqual([])
})

it('is not for another identity', async () => {
  await start(ME).last.started(TERMS)
  const other = start()
  const { asked, told } = again(other)
  await other.become(OTHER)
  other.last.show()
  expect(asked).toEqual([])
  expect(told.at(-1)).toMatch(/Another identity/)
  expect(other.interrupted()).toBeUndefined()
})

it.each([
  '{',
  '{"provider":"me","isOn":true}',
  JSON.stringify({ provider: ME, isOn: true, terms: { services: ['rm'] } }),
])('takes no terms from a file that holds %j', async (text) => {
  writeFileSync(join(home, 'sharing.json'), text)
  const now = start()
  const { asked } = again(now)
  await now.become(ME)
  expect(now.interrupted()).toBeUndefined()
  expect(asked).toEqual([])
})
