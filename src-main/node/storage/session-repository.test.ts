import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import type { SessionRecord } from '#shared/model/session.ts'

import type { Store } from '../ports/store.ts'
import { migrate } from './migrate.ts'
import { openStore } from './open-store.ts'
import { createSessionRepository } from './session-repository.ts'

const id = (n: number): IdentityId => `0x${n.toString(16).padStart(40, '0')}`
const record = (sessionId: string, change: Partial<SessionRecord> = {}): SessionRecord => ({
  ...{ sessionId, role: 'consumer', peer: id(2), serial: 7, serviceType: 'openvpn', startedAtMs: 1_000 },
  metering: { cost: 2n ** 90n, bytesUp: 1n, bytesDown: 2n ** 70n, durationMs: 500 },
  ...change,
})

let store: Store
beforeEach(() => {
  store = openStore(':memory:')
  migrate(store)
})
afterEach(() => store.close())

describe('session records', () => {
  it('follow the metering until they end, and then never change', () => {
    const sessions = createSessionRepository(store, id(1))
    sessions.save(record('a'))
    const ended = record('a', { end: 'consumer-closed', endedAtMs: 2_000 })
    sessions.save(ended)
    sessions.save(record('a', { end: 'tunnel-failed', endedAtMs: 3_000 }))
    expect(sessions.list(10)).toEqual([ended])
  })

  it('are listed newest first, for each identity, role and peer on its own', () => {
    const sessions = createSessionRepository(store, id(1))
    const later = record('b', { startedAtMs: 5_000 })
    const sold = record('a', { role: 'provider', startedAtMs: 3_000 })
    for (const one of [record('a'), later, sold]) sessions.save(one)
    expect(sessions.list(10)).toEqual([later, sold, record('a')])
    expect(sessions.list(1)).toEqual([later])
    expect(createSessionRepository(store, id(9)).list(10)).toEqual([])
  })

  it('of a crash are closed at the next start', () => {
    const sessions = createSessionRepository(store, id(1))
    sessions.save(record('a'))
    sessions.closeOrphans()
    expect(sessions.list(1)).toEqual([record('a', { end: 'shutdown', endedAtMs: 1_500 })])
  })
})
