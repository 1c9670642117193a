import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import type { SessionRecord } from '#shared/model/session.ts'
import type { RecordContent, SignedRecord } from '#shared/model/signed-record.ts'

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

const signed = (sessionId: string, change: Partial<RecordContent> = {}): SignedRecord => ({
  content: {
    ...{ chainId: 1, paymentAccounts: id(4), sessionId, provider: id(2), consumer: id(1), serviceType: 'openvpn' },
    ...{ offerSerial: 7, unit: 'GiB', pricePerUnit: 2n ** 70n, startedAtMs: 1_000, endedAtMs: 2_000, end: 'running' },
    ...{
      durationMs: 500,
      bytesUp: 1n,
      bytesDown: 2n ** 70n,
      cost: 2n ** 90n,
      promiseSerial: 1n,
      promiseAmount: 2n ** 91n,
    },
    ...change,
  },
  consumerSignature: `0x${'ab'.repeat(65)}`,
})
const byBoth = (record: SignedRecord): SignedRecord => ({ ...record, providerSignature: `0x${'cd'.repeat(65)}` })

describe('session records', () => {
  it('follow the metering until they end, and then never change', () => {
    const sessions = createSessionRepository(store, id(1))
    sessions.save(record('a'))
    const ended = record('a', { end: 'consumer-closed', endedAtMs: 2_000 })
    sessions.save(ended)
    sessions.save(record('a', { end: 'tunnel-failed', endedAtMs: 3_000 }))
    expect(sessions.list(10)).toEqual([ended])
  })

  it('have the country and the program where they are known, and the country as it was known last', () => {
    const sessions = createSessionRepository(store, id(1))
    const program = 'Backup'
    sessions.save(record('a', { country: 'DE', program }))
    const ended = record('a', { country: 'NL', program, end: 'consumer-closed', endedAtMs: 2_000 })
    sessions.save(ended)
    sessions.save(record('a', { country: 'FR', program }))
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

  it('keep what is signed through a crash: by both until then, and alone since', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sessions-'))
    const file = join(folder, 'node.sqlite')
    const [a, b] = ['a', 'b'].map((letter) => letter.repeat(32)) as [string, string]
    const first = openStore(file)
    migrate(first)
    const sessions = createSessionRepository(first, id(1))
    for (const sessionId of [a, b]) sessions.save(record(sessionId))
    const agreed = byBoth(signed(a))
    const alone = signed(a, { endedAtMs: 3_000 })
    sessions.keepSigned(agreed)
    sessions.keepSigned(alone)
    first.close()

    const second = openStore(file)
    migrate(second)
    const again = createSessionRepository(second, id(1))
    again.closeOrphans()
    const find = (sessionId: string) => again.list(10).find((one) => one.sessionId === sessionId)?.signed
    expect(find(a)).toEqual({ byBoth: agreed, alone })
    expect(find(b)).toBeUndefined()
    expect(again.signedAlone('consumer', id(2), a)).toEqual(alone)
    expect(again.signedAlone('provider', id(2), a)).toBeUndefined()
    expect(again.signedAlone('consumer', id(3), a)).toBeUndefined()
    again.keepSigned(byBoth(alone))
    expect(find(a)).toEqual({ byBoth: byBoth(alone) })
    second.close()
    rmSync(folder, { recursive: true })
  })
})
