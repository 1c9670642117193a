import { type Amount, MYST } from '#shared/model/units.ts'

import { least, most } from '../lib/amounts.ts'
import { PAYMENT_ADVICE, PAYMENT_PROPOSAL, paymentAdvice, proposalBody } from '../protocol/payment.ts'
import { createRiskWorld, type RiskProvider } from './risk-world.ts'

export type OverPromising = {
  providers: number
  /** Others on offer, to whom nothing is promised, and who may be asked all the same. */
  bystanders?: number
  deposit: Amount
  /** Whether providers tell each other what they were promised. */
  isSharing: boolean
  /**
   * greedy: promises as much as each provider lets it, always. patient: never so much that a provider would want to
   * see it cleared, so that by itself none notices before a day is over.
   */
  issuer: 'greedy' | 'patient'
  /** What a minute of the service costs: 0.1 MYST for a GiB at 100 Mbit/s. */
  pricePerMinute?: Amount
}

export type Losses = {
  /** Of each provider, ascending: used and not paid, and promised and not paid. */
  used: Amount[]
  promised: Amount[]
  /** The most that a provider let itself be owed. */
  ceiling: Amount
  /** Paid to all of them together. */
  paid: Amount
  minutes: number
}

const TICK_MS = 10_000
const BLOCK_MS = 12_000
/** Nothing smaller is offered. */
const LEAST = MYST / 100n

/**
 * A dishonest issuer promises one deposit to many providers, each of which serves it as long as it thinks that it is
 * paid, under the default credit and clearing policies. Everything that decides is what runs in a node; service
 * and issuer are played. It is over when nobody serves any more and everybody has cleared what can be cleared.
 */
export async function simulateOverPromising(options: OverPromising): Promise<Losses> {
  const { deposit, isSharing, pricePerMinute = (MYST * 75n) / 1_000n } = options
  const world = createRiskWorld({ blockMs: BLOCK_MS, isSharing, random: seeded(7) })
  const issuer = world.issuer(deposit)
  for (let number = 0; number < (options.bystanders ?? 0); number++) world.provider()
  const customers = await Promise.all(Array.from({ length: options.providers }, customer))
  let minutes = 0

  async function customer() {
    const provider = world.provider()
    const dialogue = await world.settle(issuer.dialogues.open(provider.identity.id, provider.contacts))
    const at = { provider, dialogue, serial: 5n, amount: 0n, accepted: 0n, used: 0n, most: MYST, over: false }
    dialogue.handle(PAYMENT_ADVICE, (body) => {
      const { policy, update } = paymentAdvice.parse(body)
      at.most = policy.maximumPromise
      // Asked for no update: the next one is a promise of its own.
      if (!update && at.amount > 0n) Object.assign(at, { serial: at.serial + 1n, amount: 0n })
      return undefined
    })
    return at
  }
  type Customer = Awaited<ReturnType<typeof customer>>

  const owed = ({ provider }: Customer) => provider.ledger.openReceived().reduce((sum, { amount }) => sum + amount, 0n)

  async function offer(at: Customer, increase: Amount): Promise<boolean> {
    const { provider, serial, dialogue } = at
    const amount = at.amount + increase
    const body = proposalBody(issuer.promise(provider.identity.id, amount, serial))
    const reply = await dialogue.request(PAYMENT_PROPOSAL, body).catch(() => undefined)
    if (reply?.type !== 'payment-accept') return false
    if (at.serial === serial) at.amount = most(at.amount, amount)
    at.accepted += increase
    return true
  }

  /** As much as it gets accepted, in fewer and fewer MYST. */
  async function promise(at: Customer): Promise<void> {
    const target =
      options.issuer === 'patient' ? at.provider.payments.exposure.limits(issuer.identity.id).credit - LEAST : at.most
    for (let step = most(target - owed(at), 0n); step >= LEAST; step /= 2n) {
      const room = least(step, at.most - at.amount)
      if (room >= LEAST && (await offer(at, room))) return
    }
  }

  /** Ten seconds of service, for which the provider is not paid when it was let go on with nothing left. */
  function serve(at: Customer): void {
    const benefiter = link(at.provider, issuer.identity.id)
    if (at.over || !benefiter) return
    at.used += (pricePerMinute * BigInt(TICK_MS)) / 60_000n
    const { leftover, unpaid } = benefiter.charge('session', at.used, () => undefined)
    benefiter.adviseIfMoved()
    at.over = unpaid > 0n || leftover === 0n
  }

  try {
    await world.turns()
    while (customers.some(({ over }) => !over) && minutes < 60) {
      await world.settle(Promise.all(customers.filter(({ over }) => !over).map(promise)))
      for (const at of customers) serve(at)
      // One more promise in the moment of grace, and service goes on.
      await world.settle(Promise.all(customers.filter(({ over }) => over).map(again)))
      await world.clock.advance(TICK_MS)
      await world.turns(10)
      minutes += TICK_MS / 60_000
    }
    for (const { provider } of customers) {
      await world.settle(provider.payments.clear(undefined, { acceptLess: true }))
    }
    return losses()
  } finally {
    await world.stop()
  }

  async function again(at: Customer): Promise<void> {
    await promise(at)
    at.over = (link(at.provider, issuer.identity.id)?.leftover() ?? 0n) === 0n
  }

  function losses(): Losses {
    const paidTo = (at: Customer) =>
      world.copy
        .clearings(issuer.identity.id, 10_000, at.provider.identity.id)
        .reduce((sum, { amount }) => sum + amount, 0n)
    const ascending = (amounts: Amount[]) => amounts.sort((a, b) => (a < b ? -1 : 1))
    const ceilings = customers.map(
      ({ provider }) => provider.payments.exposure.limits(issuer.identity.id).credit + MYST / 2n,
    )
    return {
      used: ascending(customers.map((at) => most(at.used - paidTo(at), 0n))),
      promised: ascending(customers.map((at) => most(at.accepted - paidTo(at), 0n))),
      ceiling: ceilings.reduce(most),
      paid: customers.reduce((sum, at) => sum + paidTo(at), 0n),
      minutes,
    }
  }
}

function link(provider: RiskProvider, issuer: RiskProvider['identity']['id']) {
  const open = provider.payments.dialogueWith(issuer)
  return open && provider.payments.attach(open).benefiter
}

/** The same numbers each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
