import type { PaymentsDeps } from '../payments/deps.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import type { PaymentPolicy } from '../protocol/payment.ts'
import type { PeerWord } from '../storage/conduct-repository.ts'
import { createPaymentPair, type PayingSide, type PaymentLinks } from './payment-pair.ts'

/** Every promise a's key has signed, whatever its ledger says of it, and what it knew then to be cleared. */
export type Signed = { serial: bigint; amount: bigint; clearedBefore: bigint[] }

/** A pair of payers and what may befall it: for the model test. */
export async function createPaymentWorld(options: {
  policy: Partial<PaymentPolicy>
  deposit: bigint
  plain: boolean
  seed: number
}) {
  const words = new Map<string, PeerWord>()
  const accusations: string[] = []
  const conduct: PaymentsDeps['conduct'] = {
    word: (peer) => words.get(peer),
    saveWord: (peer, word) => void words.set(peer, word),
    record: (_peer, { kind }) => void accusations.push(kind),
  }
  const t = await createPaymentPair(options.policy, options.deposit, { ...options, payments: { conduct } })
  const signed: Signed[] = []
  const spying: UnlockedIdentity = {
    ...t.pair.identities.a,
    signTypedData(data) {
      if ('Promise' in data.types) {
        const given = issuer.ledger.given(t.b.identity.id)
        const clearedBefore = given.filter(({ cleared }) => cleared).map(({ serial }) => serial)
        signed.push({ serial: data.value.serial as bigint, amount: data.value.amount as bigint, clearedBefore })
      }
      return t.pair.identities.a.signTypedData(data)
    },
  }
  let issuer: PayingSide = t.newSide(spying)
  let links: PaymentLinks
  let session = 0
  let cost = 0n

  async function open(running: Partial<PaymentLinks['payments']>): Promise<void> {
    session += 1
    cost = 0n
    // A network may lose an opening, or the first advice, for good: as a person would, it is tried again.
    for (;;) {
      try {
        links = await t.open({ a: running.a ?? issuer.start(), ...(running.b ? { b: running.b } : {}) })
        break
      } catch (error) {
        if (!(error instanceof Error && 'details' in error)) throw error
      }
    }
    const { benefiter } = links.b
    links.a.issuer.conduct.began(`session ${session}`)
    const id = `session ${session}`
    // As a served session does: what is owed is taken before the issuer hears that its promise was accepted.
    benefiter.onCredit(() => void benefiter.charge(id, cost, () => undefined))
  }
  await open({})

  return {
    ...{ t, signed, accusations },
    /** The issuer has heard all that the session cost, or knows the most that it can have been. */
    endSession: () => links.a.issuer.conduct.ended(`session ${session}`),
    a: () => issuer,
    links: () => links,
    isOver: () => links.dialogues.a.state !== 'open' || links.dialogues.b.state !== 'open',
    /** A new dialogue; those that are named have lost everything but their store. */
    reopen: ({ a, b }: { a: boolean; b: boolean }) =>
      open({ ...(a ? {} : { a: links.payments.a }), ...(b ? {} : { b: links.payments.b }) }),
    /** The issuer's store is gone, and time has passed before it is back. */
    async loseLedger() {
      await t.clock.advance(10_000)
      issuer = t.newSide(spying)
      words.clear()
      await open({ b: links.payments.b })
    },
    /** The session has cost so much more; `heard` false: the metering never reaches the issuer. */
    use(amount: bigint, heard: boolean) {
      cost += amount
      const id = `session ${session}`
      links.b.benefiter.charge(id, cost, () => undefined)
      // Messages come in order: with the metering the advice after it stays away too.
      if (!heard) return
      links.a.issuer.conduct.metered(id, cost)
      links.b.benefiter.adviseIfMoved()
      links.a.issuer.consume(id, cost)
    },
    books() {
      const [a, b] = [issuer.identity.id, t.b.identity.id]
      return {
        given: issuer.ledger.given(b),
        received: t.b.ledger.received(a),
        left: t.b.ledger.account(a)?.leftover ?? 0n,
        risk: links.payments.a.atRisk(b),
        clearings: t.chain.clearings(a, 10_000),
        earned: links.payments.b.earnings().earnedToday,
      }
    },
  }
}
export type PaymentWorld = Awaited<ReturnType<typeof createPaymentWorld>>
