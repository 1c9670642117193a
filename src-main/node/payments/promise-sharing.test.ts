import { afterEach, describe, expect, it } from 'vitest'
import type { SignedPromise } from '#shared/model/promise.ts'
import { MYST } from '#shared/model/units.ts'

import { silentLogger } from '../lib/logger.ts'
import type { Dialogue } from '../ports/dialogue.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import { MAX_PROMISES_TOLD } from '../protocol/limits.ts'
import { PROMISE_INQUIRY, promisesToldBody } from '../protocol/promise-sharing.ts'
import { createChainRepository } from '../storage/chain-repository.ts'
import { createLedgerRepository } from '../storage/ledger-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createSharedPromiseRepository } from '../storage/shared-promise-repository.ts'
import { createDialoguePair } from '../testing/dialogue-pair.ts'
import { createManualClock } from '../testing/manual-clock.ts'
import { createMemoryChain } from '../testing/memory-chain.ts'
import { createTestIdentity } from '../testing/memory-registry.ts'
import { createPromiseSharing, type PromiseSharing } from './promise-sharing.ts'

const DAY_MS = 86_400_000
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Two providers in a dialogue, and clients that promise. */
async function start() {
  const clock = createManualClock()
  const pair = await createDialoguePair({ clock, plain: true })
  const chain = createMemoryChain(pair.registry)
  const client = () => {
    const identity = createTestIdentity()
    pair.registry.register(identity)
    return identity
  }
  const provider = (identity: UnlockedIdentity) => {
    const store = openStore(':memory:')
    cleanups.push(() => store.close())
    migrate(store)
    const ledger = createLedgerRepository(store, identity.id)
    const blocks = createChainRepository(store)
    const settings = { isOn: true, tellFrom: 0n }
    const shared = createSharedPromiseRepository(store)
    const sharing = createPromiseSharing({
      ...{ self: identity.id, chain, registry: pair.registry, ledger, shared, accounts: blocks, clock },
      log: silentLogger,
      isOn: () => settings.isOn,
      tellFrom: () => settings.tellFrom,
    })
    const hold = (promise: SignedPromise) =>
      ledger.saveReceived({ ...promise, state: 'open', stopped: false, createdAtMs: 1, updatedAtMs: 1 })
    const clearedOnChain = ({ issuer, benefiter, serial, amount }: SignedPromise, blockNumber: number) => {
      blocks.addBlock({ number: blockNumber, hash: '0x01' }, false)
      blocks.addAccountEvent(
        {
          ...{ name: 'Cleared', issuer, benefiter, serial, amount, fee: 0n },
          ...{ blockNumber, blockHash: '0x01', logIndex: 0, transactionHash: '0x02' },
        },
        client().id,
      )
    }
    return { identity, ledger, blocks, shared, settings, sharing, hold, clearedOnChain }
  }
  const [a, b] = [provider(pair.identities.a), provider(pair.identities.b)]
  const opening = pair.open()
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    let isDone = false
    const mark = () => {
      isDone = true
    }
    promise.then(mark, mark)
    for (let turn = 0; turn < 500 && !isDone; turn++) await clock.advance(turn < 100 ? 0 : 100)
    return promise
  }
  const dialogues = await settle(opening)
  cleanups.push(() => settle(pair.stop()))
  a.sharing.attach(dialogues.a)
  b.sharing.attach(dialogues.b)
  const promise = (issuer: UnlockedIdentity, to: UnlockedIdentity, amount = MYST, serial = 5n): SignedPromise => {
    const bare = { issuer: issuer.id, serial, benefiter: to.id, amount }
    return { ...bare, signature: issuer.signTypedData(chain.promiseTypedData(bare)) }
  }
  const ask = (asker: PromiseSharing, dialogue: Dialogue, ...issuers: UnlockedIdentity[]) =>
    settle(
      asker.ask(
        dialogue,
        issuers.map(({ id }) => id),
      ),
    )
  return { ...{ clock, pair, chain, client, a, b, dialogues, settle, promise, ask } }
}

describe('promises that are shared', () => {
  it('let both providers of an issuer know what it promised to the other', async () => {
    const t = await start()
    const client = t.client()
    t.a.hold(t.promise(client, t.a.identity, MYST))
    t.b.hold(t.promise(client, t.b.identity, 2n * MYST))
    t.b.hold(t.promise(client, t.b.identity, 3n * MYST, 6n))
    const learned: string[] = []
    t.b.sharing.onLearned((issuer) => learned.push(issuer))
    expect(await t.ask(t.a.sharing, t.dialogues.a, client)).toBe(2)
    expect(t.a.sharing.outstandingElsewhere(client.id)).toBe(5n * MYST)
    expect(t.b.sharing.outstandingElsewhere(client.id)).toBe(MYST)
    expect(t.b.sharing.benefitersOf(client.id)).toEqual([t.a.identity.id])
    expect(learned).toEqual([client.id])
    await t.clock.advance(15_000)
    expect(await t.ask(t.a.sharing, t.dialogues.a, client)).toBe(0)
  })

  it('are told about issuers of whom the asker shows a promise to itself, and of nobody else', async () => {
    const t = await start()
    const [known, other] = [t.client(), t.client()]
    t.b.hold(t.promise(known, t.b.identity))
    t.b.hold(t.promise(other, t.b.identity))
    const report = async (promises: SignedPromise[]) => {
      await t.clock.advance(15_000)
      const reply = await t.settle(t.dialogues.a.request(PROMISE_INQUIRY, promisesToldBody(promises)))
      return (reply.body as { promises: unknown[] }).promises.length
    }
    const forged = { ...t.promise(known, t.a.identity), signature: t.promise(other, t.a.identity).signature }
    expect(await report([])).toBe(0)
    expect(await report([forged])).toBe(0)
    // Somebody else's promise, as one who hears of it could show it.
    expect(await report([t.promise(known, t.b.identity, 2n * MYST)])).toBe(0)
    expect(await report([t.promise(known, other)])).toBe(0)
    // Not even when it is known to be true.
    t.b.shared.save({ ...t.promise(known, other), heardAtMs: t.clock.now() }, { ofIssuer: 9, inAll: 9 })
    expect(await report([t.promise(known, other)])).toBe(0)
    t.b.shared.remove(t.promise(known, other))
    expect(t.b.sharing.outstandingElsewhere(known.id)).toBe(0n)
    expect(await report([t.promise(known, t.a.identity, 1n)])).toBe(1)
  })

  it('pass on what was heard from others, which then meets itself everywhere', async () => {
    const t = await start()
    const [client, third] = [t.client(), t.client()]
    t.a.hold(t.promise(client, t.a.identity))
    t.b.shared.save({ ...t.promise(client, third, 7n * MYST), heardAtMs: 1 }, { ofIssuer: 9, inAll: 9 })
    expect(await t.ask(t.a.sharing, t.dialogues.a, client)).toBe(1)
    expect(t.a.sharing.outstandingElsewhere(client.id)).toBe(7n * MYST)
  })

  it('count with the signature of their issuer only, once each at the highest amount', async () => {
    const t = await start()
    const [client, honest, third] = [t.client(), t.client(), t.client()]
    t.a.hold(t.promise(client, t.a.identity))
    const liar = t.dialogues.b
    const good = t.promise(client, third, MYST)
    const answers = [
      [good, { ...t.promise(client, third, 3n * MYST), signature: good.signature }],
      [t.promise(honest, third, 50n * MYST)],
      [t.promise(client, third, 51n * MYST, 9n), t.promise(client, t.a.identity, 40n * MYST, 8n)],
      [t.promise(client, third, 2n * MYST), good],
    ]
    for (const promises of answers) {
      liar.handle(PROMISE_INQUIRY, () => ({ type: 'promise-report', body: promisesToldBody(promises) }))
      await t.ask(t.a.sharing, t.dialogues.a, client)
    }
    expect(t.a.sharing.outstandingElsewhere(client.id)).toBe(2n * MYST)
    expect(t.a.sharing.outstandingElsewhere(honest.id)).toBe(0n)
    liar.handle(PROMISE_INQUIRY, () => ({ type: 'promise-report', body: { promises: ['nonsense'] } }))
    await expect(t.ask(t.a.sharing, t.dialogues.a, client)).rejects.toThrow()
    liar.handle(PROMISE_INQUIRY, () => ({ type: 'something-else', body: {} }))
    expect(await t.ask(t.a.sharing, t.dialogues.a, client)).toBe(0)
  })

  it('stop counting when the chain shows them cleared, count again when it forgets that, and are given up after a week', async () => {
    const t = await start()
    const [client, third] = [t.client(), t.client()]
    const [low, high] = [t.promise(client, third, MYST, 5n), t.promise(client, third, 2n * MYST, 6n)]
    for (const promise of [low, high]) {
      t.a.shared.save({ ...promise, heardAtMs: t.clock.now() }, { ofIssuer: 9, inAll: 9 })
    }
    expect(t.a.sharing.outstandingElsewhere(client.id)).toBe(3n * MYST)
    t.a.clearedOnChain(low, 7)
    expect(t.a.sharing.outstandingElsewhere(client.id)).toBe(2n * MYST)
    t.a.blocks.rollBackTo(6)
    expect(t.a.sharing.outstandingElsewhere(client.id)).toBe(3n * MYST)
    t.a.clearedOnChain(low, 7)
    t.a.sharing.tidy()
    expect(t.a.shared.all().map(({ serial }) => serial)).toEqual([6n])
    await t.clock.advance(7 * DAY_MS + 1)
    t.a.sharing.tidy()
    expect(t.a.shared.all()).toEqual([])
  })

  it('are not told while too small, or when one does not want to', async () => {
    const t = await start()
    const client = t.client()
    t.a.hold(t.promise(client, t.a.identity, MYST))
    t.b.hold(t.promise(client, t.b.identity, MYST))
    t.a.settings.tellFrom = MYST + 1n
    expect(await t.ask(t.a.sharing, t.dialogues.a, client)).toBe(0)
    expect(t.b.sharing.outstandingElsewhere(client.id)).toBe(0n)
    t.a.settings.tellFrom = MYST
    t.b.settings.isOn = false
    const refused = { name: 'Refused', details: { reason: 'service-unavailable' } }
    await expect(t.ask(t.a.sharing, t.dialogues.a, client)).rejects.toMatchObject(refused)
    t.b.settings.isOn = true
    expect(await t.ask(t.a.sharing, t.dialogues.a, client)).toBe(1)
  })

  it('are bounded in number and in frequency', async () => {
    const t = await start()
    const client = t.client()
    t.a.hold(t.promise(client, t.a.identity))
    const many = Array.from({ length: 300 }, (_, n) => t.promise(client, t.a.identity, MYST, BigInt(n + 10)))
    for (const promise of many.slice(0, MAX_PROMISES_TOLD + 8)) t.b.hold({ ...promise, benefiter: t.b.identity.id })
    const reply = await t.settle(t.dialogues.a.request(PROMISE_INQUIRY, promisesToldBody(many.slice(0, 1))))
    expect((reply.body as { promises: unknown[] }).promises.length).toBe(MAX_PROMISES_TOLD)
    const again = t.settle(t.dialogues.a.request(PROMISE_INQUIRY, promisesToldBody(many.slice(0, 1))))
    await expect(again).rejects.toMatchObject({ details: { reason: 'service-unavailable' } })
    await t.clock.advance(15_000)
    const tooMany = { promises: many.slice(0, MAX_PROMISES_TOLD + 1).map((one) => promisesToldBody([one]).promises[0]) }
    await expect(t.settle(t.dialogues.a.request(PROMISE_INQUIRY, tooMany))).rejects.toMatchObject({
      details: { reason: 'malformed-message' },
    })
    for (let at = 0; at < 96; at += MAX_PROMISES_TOLD) {
      await t.clock.advance(15_000)
      await t.settle(t.dialogues.a.request(PROMISE_INQUIRY, promisesToldBody(many.slice(at, at + MAX_PROMISES_TOLD))))
    }
    expect(t.b.shared.all().length).toBe(64)
  })
})
