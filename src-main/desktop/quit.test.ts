import { EventEmitter } from 'node:events'
import { afterEach, expect, test, vi } from 'vitest'
import { openQuit } from './quit.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const before = SIGNALS.map((signal) => process.listeners(signal))
afterEach(() => {
  for (const [index, signal] of SIGNALS.entries()) {
    for (const listener of process.listeners(signal))
      if (!before[index]?.includes(listener)) process.off(signal, listener)
  }
})

function opened(answer: boolean) {
  const app = Object.assign(new EventEmitter(), { exit: vi.fn() })
  const stopped = Promise.withResolvers<void>()
  const confirmed = vi.fn(() => answer)
  const stop = vi.fn(() => stopped.promise)
  const fail = vi.fn()
  const { end } = openQuit({ app: app as unknown as Electron.App, confirmed, stop, fail })
  /** Whether the app is kept from ending at once. */
  const ask = () => {
    const preventDefault = vi.fn()
    app.emit('before-quit', { preventDefault })
    return preventDefault.mock.calls.length > 0
  }
  return { app, ask, confirmed, stop, stopped, fail, end }
}

test('whoever stays has lost nothing, and is asked again the next time', () => {
  const { ask, app, confirmed, stop } = opened(false)
  expect([ask(), ask()]).toEqual([true, true])
  expect([confirmed.mock.calls.length, stop.mock.calls.length, app.exit.mock.calls.length]).toEqual([2, 0, 0])
})

test('whoever quits is asked once; the node ends, then the app', async () => {
  const { ask, app, confirmed, stop, stopped } = opened(true)
  expect([ask(), ask()]).toEqual([true, true])
  expect([confirmed.mock.calls.length, stop.mock.calls.length, app.exit.mock.calls.length]).toEqual([1, 1, 0])
  stopped.resolve()
  await vi.waitUntil(() => app.exit.mock.calls.length > 0)
  expect(app.exit).toHaveBeenCalledWith(0)
})

test('a signal asks nobody', () => {
  const { confirmed, stop } = opened(false)
  process.emit('SIGTERM')
  expect([confirmed.mock.calls.length, stop.mock.calls.length]).toEqual([0, 1])
})

test('once the node has ended the updater may quit', async () => {
  const { ask, end, stopped, app } = opened(false)
  const ended = end()
  expect(ask()).toBe(true)
  stopped.resolve()
  await ended
  expect(ask()).toBe(false)
  expect(app.exit).not.toHaveBeenCalled()
})

test('a node that cannot be ended is said', async () => {
  const { ask, stopped, fail, app } = opened(true)
  ask()
  stopped.reject(new Error('no'))
  await vi.waitUntil(() => fail.mock.calls.length > 0)
  expect(app.exit).not.toHaveBeenCalled()
})
