import { expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '#shared/contract/settings.ts'
import type { AppState } from '#shared/contract/state.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { ProposalFilter } from '#shared/model/proposal.ts'
import { connectOnStart } from './connect-on-start.ts'
import { initialState } from './initial-state.ts'
import { createStateTree } from './state-tree.ts'

function make(filter: ProposalFilter | undefined, connect = async (_: ProposalFilter) => {}) {
  const connection: AppState['connection'] = { name: 'disconnected' }
  const state = createStateTree(initialState({ network: undefined, settings: DEFAULT_SETTINGS, connection }))
  const shown: (string | undefined)[] = []
  const tried: ProposalFilter[] = []
  const giveUp = connectOnStart({
    state,
    filter: () => filter,
    async connect(one) {
      tried.push(one)
      await connect(one)
    },
    show: (problem) => void shown.push(problem),
  })
  const { identity, network } = state.get()
  const become = async (change: Partial<AppState>) => {
    state.set(change)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const ready = async () => {
    await become({ identity: { ...identity, unlocked: true, registration: 'registered' } })
    await become({ network: { ...network, chain: 'online', broker: 'online' } })
  }
  return { state, shown, tried, giveUp, become, ready, identity, network }
}

it('waits for what it needs, says for what, and connects once', async () => {
  const { shown, tried, become, identity, network } = make({ country: 'DE' })
  await become({ network: { ...network, chain: 'online' } })
  await become({ identity: { ...identity, unlocked: true, registration: 'unregistered' } })
  await become({ identity: { ...identity, unlocked: true, registration: 'registered' } })
  expect(shown.map((sentence) => sentence?.split(' ').slice(2).join(' '))).toEqual([
    'until you unlock your identity.',
    'until your identity is registered.',
    'for the message broker.',
  ])
  expect(tried).toEqual([])
  await become({ network: { ...network, chain: 'online', broker: 'online' } })
  expect(tried).toEqual([{ country: 'DE' }])
  expect(shown.at(-1)).toBeUndefined()
  await become({ identity: { ...identity, unlocked: false } })
  await become({ identity: { ...identity, unlocked: true, registration: 'registered' } })
  expect(tried).toHaveLength(1)
})

it('leaves it to a person who connects or disconnects first', async () => {
  const first = make({})
  first.giveUp()
  await first.ready()
  expect(first.tried).toEqual([])
  expect(first.shown.at(-1)).toBeUndefined()
  const second = make({})
  await second.become({ connection: { name: 'disconnecting', proposal: {} as never } })
  await second.ready()
  expect(second.tried).toEqual([])
})

it('says why it did not connect', async () => {
  const nobody = make(undefined)
  await nobody.ready()
  expect(nobody.shown.at(-1)).toMatch(/no last provider/)
  const refused = make({}, () => Promise.reject(new MystError('NoProposal', 'No proposal matches.')))
  await refused.ready()
  expect(refused.shown.at(-1)).toBe('No proposal matches.')
})
