import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setImmediate as immediately } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import type { AppState } from '#shared/contract/state.ts'
import type { Programs } from '../../node/create-node.ts'
import { silentLogger } from '../../node/lib/logger.ts'
import { createStateTree } from '../../node/state-tree.ts'
import { keepApi } from './keep-api.ts'

afterEach(() => vi.useRealTimers())

it('opens by itself once the program that had its port is gone', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const settings = { programsApi: true, programsApiPort: port }
  const state = createStateTree({ settings, api: {}, identity: { unlocked: true } } as unknown as AppState)
  const api = keepApi({ programs: {} as Programs, state, log: silentLogger })
  await state.when((now) => now.api.problem !== undefined)
  expect(state.get().api).toEqual({ problem: expect.stringContaining(String(port)) })
  other.close()
  await once(other, 'close')
  while (state.get().api.address === undefined) {
    vi.advanceTimersByTime(5_000)
    await immediately()
  }
  expect(state.get().api).toEqual({ address: `http://127.0.0.1:${port}` })
  await api.stop()
  expect(state.get().api).toEqual({})
  expect(vi.getTimerCount()).toBe(0)
})
