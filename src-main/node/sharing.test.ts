import { expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '#shared/contract/settings.ts'
import type { ShareTerms } from '#shared/contract/state.ts'
import { initialState } from './initial-state.ts'
import { silentLogger } from './lib/logger.ts'
import { createSharing } from './sharing.ts'
import { createStateTree } from './state-tree.ts'
import { noGas } from './testing/memory-chain.ts'
import { createTestIdentity } from './testing/memory-registry.ts'
import { createMemoryService } from './testing/memory-service.ts'

const TERMS: ShareTerms = {
  ...{ services: ['socks'], pricePerUnit: 10n ** 17n, unit: 'GiB', country: 'DE' },
  ...{ bandwidthMbps: 20, maxSessions: 5 },
}

function make() {
  const state = createStateTree(
    initialState({ network: undefined, settings: DEFAULT_SETTINGS, connection: { name: 'disconnected' } }),
  )
  state.set({ identity: { ...state.get().identity, registration: 'registered' } })
  const went: string[] = []
  state.subscribe(() => {
    const { state: now } = state.get().share
    if (went.at(-1) !== now) went.push(now)
  })
  let served = 0
  const offered: number[] = []
  const sharing = createSharing({
    ...{ identity: createTestIdentity(), gas: noGas, state, log: silentLogger, dataDir: '/nowhere' },
    announcer: {
      offer({ terms }) {
        offered.push(terms.bandwidthMbps)
        return {} as never
      },
      ...{ withdraw() {}, offered: () => undefined, statuses: () => [] },
      ...{ onStatus: () => () => {}, stop() {} },
    },
    serviceTypes: [createMemoryService('socks'), createMemoryService('openvpn')],
    serve: () => {
      served++
      return { serve() {}, stop: async () => void served-- }
    },
    contacts: () => [],
    reach: async () => ({ verdict: 'public', own: '127.0.0.1', atMs: 0 }),
  })
  return { sharing, state, went, offered, serving: () => served }
}

it('says what is shared already instead of ending it, unless other terms are meant in its place', async () => {
  const { sharing, state, went, serving } = make()
  await sharing.start(TERMS)
  const other = { ...TERMS, pricePerUnit: 1n }
  const refused = { name: 'AlreadySharing', message: expect.stringContaining('socks for 0.1 MYST per GiB') }
  await expect(sharing.start(other)).rejects.toMatchObject(refused)
  expect(state.get().share).toMatchObject({ state: 'on', terms: TERMS })
  expect(went).toEqual(['starting', 'on'])
  await sharing.start(other, { instead: true })
  expect(state.get().share).toMatchObject({ state: 'on', terms: other })
  // Whoever waits for its end does not take this for one.
  expect(went).toEqual(['starting', 'on', 'stopping', 'starting', 'on'])
  expect(serving()).toBe(1)
})

it('is not stopped by whoever started what was replaced since', async () => {
  const { sharing, state } = make()
  const first = await sharing.start(TERMS)
  const second = await sharing.start(TERMS, { instead: true })
  await sharing.stop(first)
  expect(state.get().share.state).toBe('on')
  await sharing.stop(second)
  expect(state.get().share.state).toBe('off')
  const third = await sharing.start(TERMS)
  expect(third).not.toBe(first)
  await sharing.stop()
  expect(state.get().share.state).toBe('off')
})

it('announces no more bandwidth than all together may have', async () => {
  const { sharing, offered } = make()
  const both: ShareTerms = { ...TERMS, services: ['openvpn', 'socks'] }
  await sharing.start({ ...both, totalBandwidthMbps: 5 })
  await sharing.start({ ...both, totalBandwidthMbps: 100 }, { instead: true })
  await sharing.start({ ...TERMS, totalBandwidthMbps: 5 }, { instead: true })
  // Less than this no offer can say.
  await sharing.start({ ...both, totalBandwidthMbps: 0.1 }, { instead: true })
  expect(offered).toEqual([2.5, 2.5, 20, 20, 5, 0.1, 0.1])
})
