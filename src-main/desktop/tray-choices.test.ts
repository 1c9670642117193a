import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ProposalView } from '#shared/contract/answers.ts'
import type { SessionRecord } from '#shared/model/session.ts'
import { createStateTree } from '../node/state-tree.ts'
import { baseState, connectedState, proposal } from './fixtures.ts'
import { followChoices, type TrayChoices } from './tray-choices.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const peer = `0x${'be'.repeat(20)}` as const
const offer = (preferred: boolean, own = false): ProposalView => ({
  ...proposal,
  ...{ blockNumber: 1, expiresAtBlock: 2, preferred, own, experience: { sessions: 0, failures: 0 } },
})

function followed() {
  const state = createStateTree(baseState)
  const shown: TrayChoices[] = []
  const asked: string[] = []
  let failing = false
  const record = (role: SessionRecord['role']) => ({ role, peer, serviceType: 'socks' }) as SessionRecord
  followChoices({
    state,
    handlers: {
      async 'sessions.list'() {
        if (failing) throw new Error('There is no network.')
        asked.push('sessions')
        return [record('provider'), record('consumer')]
      },
      'proposals.query': async () => [offer(true), offer(true, true), offer(false)],
    },
    show: (choices) => shown.push(choices),
  })
  return { state, shown, asked, fail: () => (failing = true) }
}

test('are the last provider one used, and the preferred of others', async () => {
  const { shown } = followed()
  await vi.advanceTimersByTimeAsync(0)
  expect(shown).toEqual([{ last: expect.objectContaining({ peer, role: 'consumer' }), favourites: [offer(true)] }])
})

test('are asked for again when they could be others, and not every time', async () => {
  const { state, asked } = followed()
  await vi.advanceTimersByTimeAsync(0)
  for (let revision = 1; revision <= 50; revision++) {
    state.set({ proposals: { count: 1, revision } })
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(asked).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toHaveLength(2)
  state.set({ connection: connectedState.connection })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toHaveLength(3)
})

test('are none when the node cannot say', async () => {
  const { state, shown, fail } = followed()
  await vi.advanceTimersByTimeAsync(0)
  fail()
  state.set({ proposals: { count: 0, revision: 9 } })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(shown.at(-1)).toEqual({ last: undefined, favourites: [] })
})
