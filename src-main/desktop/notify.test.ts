import { afterEach, expect, test, vi } from 'vitest'
import type { AppState } from '#shared/contract/state.ts'
import { createStateTree } from '../node/state-tree.ts'
import { baseState, connectedState, proposal } from './fixtures.ts'
import { openNotifications } from './notify.ts'

const { shown, DoubleNotification } = await vi.hoisted(async () => {
  const { EventEmitter } = await import('node:events')
  const shown: InstanceType<typeof DoubleNotification>[] = []
  class DoubleNotification extends EventEmitter implements Pick<Electron.Notification, 'title' | 'body' | 'show'> {
    static isSupported = () => true
    readonly title: string
    readonly body: string
    constructor({ title = '', body = '' }: Electron.NotificationConstructorOptions) {
      super()
      this.title = title
      this.body = body
    }
    show() {
      shown.push(this)
    }
  }
  return { shown, DoubleNotification }
})
vi.mock('electron', () => ({ Notification: DoubleNotification }))
afterEach(() => {
  shown.length = 0
})

const lost = (why: string): AppState => ({
  ...baseState,
  connection: {
    ...{ name: 'reconnecting', lost: why, sinceMs: 0, attempt: 1, atMost: 6, isBlocked: true },
    ...{ proposal, step: 'reach-provider', startedAtMs: 0, steps: [] },
  },
})

function opened(isWatched: () => boolean) {
  const state = createStateTree(connectedState)
  const opens: string[] = []
  openNotifications(state, { isWatched, open: () => void opens.push('open') })
  return { state, opens }
}

test('tells while nobody looks, and a click opens the window', () => {
  const { state, opens } = opened(() => false)
  state.set(lost('The tunnel fell silent.'))
  state.set(connectedState)
  expect(shown.map(({ title }) => title)).toEqual(['Connection lost', 'Connected again'])
  shown[0]?.emit('click')
  expect(opens).toEqual(['open'])
})

test('tells nothing that the person sees, and does not make up for it later', () => {
  let isWatched = true
  const { state } = opened(() => isWatched)
  state.set(lost('The tunnel fell silent.'))
  isWatched = false
  state.set({ wallet: { ...baseState.wallet } })
  expect(shown).toEqual([])
  state.set(connectedState)
  expect(shown.map(({ title }) => title)).toEqual(['Connected again'])
})

test('a stranger’s words bring no markup, which some desktops read', () => {
  const { state } = opened(() => false)
  state.set(lost('<a href="https://evil.example">Click</a> &lt;img src=x&gt; \u202e\u001b[31m\nnow.'))
  expect(shown[0]?.body).toBe(
    '‹a href="https://evil.example"›Click‹/a› ＆lt;img src=x＆gt; now. Nothing is let out while reconnecting.',
  )
})
