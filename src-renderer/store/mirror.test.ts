import { describe, expect, it } from 'vitest'
import type { AppState } from '#shared/contract/state.ts'
import type { Bridge, StateListener } from '../bridge/bridge.ts'
import { READY } from '../gallery/fixtures.ts'
import { createMirror } from './mirror.ts'

function fakeNode() {
  const listeners: StateListener[] = []
  let subscriptions = 0
  const bridge: Bridge = {
    command: () => Promise.reject(new Error('not asked here')),
    onState(listener) {
      subscriptions += 1
      listeners.push(listener)
      listener.onLink('connecting')
      return () => {
        listeners.splice(listeners.indexOf(listener), 1)
      }
    },
  }
  return {
    bridge,
    subscriptions: () => subscriptions,
    listening: () => listeners.length,
    link: (link: 'open' | 'lost') => listeners.at(-1)?.onLink(link),
    snapshot(number: number, state: AppState) {
      listeners.at(-1)?.onLink('open')
      listeners.at(-1)?.onMessage({ kind: 'snapshot', number, state })
    },
    beat: (number: number) => listeners.at(-1)?.onMessage({ kind: 'beat', number }),
    delta: (number: number, set: Partial<AppState>) => listeners.at(-1)?.onMessage({ kind: 'delta', number, set }),
  }
}

const proposals = (revision: number) => ({ proposals: { count: revision, revision } })

describe('mirror', () => {
  it('applies deltas that follow the snapshot one by one', () => {
    const node = fakeNode()
    const { store } = createMirror(node.bridge)
    expect(store.getState()).toEqual({ link: 'connecting' })
    node.snapshot(7, READY)
    node.delta(8, proposals(8))
    node.delta(9, { connection: { name: 'disconnecting', proposal: { ...proposal } } })
    expect(store.getState().app?.proposals.revision).toBe(8)
    expect(store.getState().app?.connection.name).toBe('disconnecting')
    expect(store.getState().app?.wallet).toBe(READY.wallet)
    expect(node.subscriptions()).toBe(1)
  })

  it('takes a new snapshot after a gap, keeping the old picture meanwhile', () => {
    const node = fakeNode()
    const { store } = createMirror(node.bridge)
    node.snapshot(1, READY)
    node.delta(3, proposals(3))
    expect(node.subscriptions()).toBe(2)
    expect(node.listening()).toBe(1)
    expect(store.getState().link).toBe('open')
    expect(store.getState().app?.proposals).toEqual(READY.proposals)
    node.snapshot(5, { ...READY, ...proposals(5) })
    node.delta(6, proposals(6))
    expect(store.getState().app?.proposals.revision).toBe(6)
    expect(node.subscriptions()).toBe(2)
  })

  it('notices with the next beat that the last delta was missed', () => {
    const node = fakeNode()
    const { store } = createMirror(node.bridge)
    node.beat(0)
    node.snapshot(1, READY)
    node.delta(2, proposals(2))
    node.beat(2)
    node.beat(1)
    expect(node.subscriptions()).toBe(1)
    node.beat(3)
    expect(node.subscriptions()).toBe(2)
    node.snapshot(3, { ...READY, ...proposals(3) })
    node.beat(3)
    expect(store.getState().app?.proposals.revision).toBe(3)
    expect(node.subscriptions()).toBe(2)
  })

  it('ignores deltas that are older than the snapshot or came before it', () => {
    const node = fakeNode()
    const { store } = createMirror(node.bridge)
    node.delta(4, proposals(4))
    expect(store.getState().app).toBeUndefined()
    node.snapshot(4, READY)
    node.delta(4, proposals(99))
    node.delta(5, proposals(5))
    expect(store.getState().app?.proposals.revision).toBe(5)
    expect(node.subscriptions()).toBe(1)
  })

  it('keeps the last state while the node does not answer, and goes on from the next snapshot', () => {
    const node = fakeNode()
    const { store } = createMirror(node.bridge)
    node.snapshot(40, READY)
    node.link('lost')
    expect(store.getState()).toMatchObject({ link: 'lost', app: READY })
    // A restarted node counts from the beginning again.
    const { lostAtMs } = store.getState()
    expect(lostAtMs).toBeLessThanOrEqual(Date.now())
    node.link('lost')
    expect(store.getState().lostAtMs).toBe(lostAtMs)
    node.snapshot(0, { ...READY, ...proposals(1) })
    node.delta(1, proposals(2))
    expect(store.getState()).toMatchObject({ link: 'open', app: { proposals: { revision: 2 } } })
    expect(store.getState().lostAtMs).toBeUndefined()
  })
})

const proposal = {
  formatVersion: 1 as const,
  provider: '0x0000000000000000000000000000000000000001' as const,
  serial: 1,
  serviceType: 'openvpn' as const,
  serviceLocation: { country: 'DE' },
  originLocation: { country: 'DE' },
  bandwidthMbps: 10,
  unit: 'GiB' as const,
  pricePerUnit: 1n,
  contacts: [],
}
