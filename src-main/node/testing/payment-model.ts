import { least as lower, most } from '../lib/amounts.ts'
import type { PaymentPolicy } from '../protocol/payment.ts'

const least = (a: bigint, ...others: bigint[]): bigint => others.reduce(lower, a)

/** One serial, as a reader of the whitepaper would keep it on paper. */
export type Promised = {
  readonly serial: bigint
  /** The most the issuer ever signed, and the most the benefiter ever accepted. */
  signed: bigint
  held: bigint
  /** The issuer knows that the benefiter has it, in whatever amount. */
  acknowledged: boolean
  /** The benefiter takes no update of it any more, and the issuer has been told so once. */
  closed: boolean
  stopped: boolean
  /** What the contract paid. */
  cleared?: bigint
  /** Only the benefiter knows of it: the issuer has lost its ledger since. */
  forgotten: boolean
}

export type Expected =
  | { kind: 'paid'; increase: bigint }
  | { kind: 'enough' }
  | { kind: 'limit' }
  | { kind: 'refused'; reason: string }

/**
 * What issuer, benefiter and contract must agree on (whitepaper 6.5.3, 6.5.4, 6.6.2), in amounts only: no
 * messages, no signatures, no store. Steps whose outcome the rules leave open (a cut in the middle, a
 * crossing) are read off afterwards by `promised` and `accepted`, which refuse what may never be.
 */
export function createPaymentModel(policy: PaymentPolicy, maxAtRisk: bigint, mostPerPromise: bigint) {
  const promises = new Map<bigint, Promised>()
  const model = {
    promises,
    /** On chain, and announced to leave it. */
    balance: 0n,
    leaving: 0n,
    /** At the benefiter: received and not used. */
    left: policy.freeTrial,
    /** Of what was promised: earned by metering that the issuer believed. */
    earned: 0n,
    /** Used beyond what was left, as each side has noted it for this session. */
    owed: 0n,
    unpaid: 0n,
    /** True once the two may reckon differently: a trial, a loss at clearing, a crash between use and metering. */
    hasDrifted: policy.freeTrial > 0n,

    /** Ascending by serial. */
    open: () =>
      [...promises.values()]
        .filter(({ cleared }) => cleared === undefined)
        .sort((a, b) => (a.serial < b.serial ? -1 : 1)),
    known: () => [...promises.values()].filter(({ forgotten }) => !forgotten),
    /** Promised or paid, and not earned: what the issuer loses when the benefiter walks away now. */
    risk: () => model.known().reduce((sum, { signed, cleared }) => sum + (cleared ?? signed), -model.earned),
    leftover: () => most(model.risk(), 0n),
    inFlight: () =>
      model.open().reduce((sum, { signed, held, forgotten }) => sum + (forgotten ? 0n : signed - held), 0n),
    spendable: () => most(model.balance - model.leaving, 0n),
    /** What the benefiter's advice asks to be updated. */
    named(): Promised | undefined {
      const last = model
        .open()
        .filter(({ held }) => held > 0n)
        .at(-1)
      const isLast = last && ![...promises.values()].some(({ serial, held }) => held > 0n && serial > last.serial)
      return isLast && !last.closed && policy.updateAllowed ? last : undefined
    },
    /** Signed by the issuer and not remembered, until an advice names it: it counts as given and as earned. */
    learned(promise: Promised) {
      Object.assign(promise, { forgotten: false, stopped: false, signed: promise.held })
      model.earned += promise.held
    },
    /** An advice has reached the issuer; an honest one asks for an update of what `named` says. */
    advised(named: Promised | undefined = model.named()) {
      if (named?.forgotten) model.learned(named)
      for (const promise of model.open()) {
        if (promise.acknowledged && promise !== named && !promise.forgotten) promise.stopped = true
      }
    },

    /** What a payment comes to when nothing disturbs it. */
    pay(target: bigint): Expected {
      const minimum = most(policy.minimumIncrease, 1n)
      const limit = least(mostPerPromise, policy.maximumPromise)
      if (model.left >= target) return { kind: 'enough' }
      const last = model
        .known()
        .sort((a, b) => (a.serial < b.serial ? -1 : 1))
        .at(-1)
      const open = last && last.cleared === undefined && !last.stopped ? last : undefined
      const covered = (promise: Promised | undefined, amount: bigint) => {
        const others = model.open().filter((one) => one !== promise)
        return others.reduce((sum, { held }) => sum + held, amount) <= model.spendable()
      }
      const answer = (promise: Promised | undefined, amount: bigint): Expected =>
        covered(promise, amount)
          ? { kind: 'paid', increase: amount - (promise?.held ?? 0n) }
          : { kind: 'refused', reason: 'promise-not-covered' }
      // One that was never acknowledged goes again as it is, unless it became too much.
      const isWaiting = open && open.signed - open.held >= minimum
      if (isWaiting && open.signed <= limit) return answer(open, open.signed)

      const wanted = least(most(target - model.left, minimum), maxAtRisk - model.leftover())
      if (wanted < minimum) return { kind: 'limit' }
      const funds =
        model.spendable() - model.open().reduce((sum, { signed, forgotten }) => sum + (forgotten ? 0n : signed), 0n)
      if (funds < minimum) return { kind: 'refused', reason: 'promise-not-covered' }
      const increase = least(wanted, funds)
      if (open && !isWaiting && open === model.named() && limit - open.signed >= minimum) {
        return answer(open, open.signed + least(increase, limit - open.signed))
      }
      if (limit < minimum) return { kind: 'refused', reason: 'promise-above-limit' }
      return answer(undefined, least(increase, limit))
    },

    /** The issuer signed: never an old serial, never the same or less under one serial. */
    promised(serial: bigint, amount: bigint): string | undefined {
      // What went with a lost ledger and never arrived, nobody knows of any more; it is only never used again.
      const remembered = [...promises.values()].filter(({ forgotten, held }) => !forgotten || held > 0n)
      const highest = remembered.reduce((high, one) => most(high, one.serial), 0n)
      const promise = promises.get(serial)
      if (serial < highest) return `serial ${serial} after ${highest}`
      if (promise?.cleared !== undefined) return `serial ${serial} was cleared`
      if (promise && (promise.forgotten || amount <= promise.signed)) return `serial ${serial} used for ${amount} again`
      if (promise?.stopped && promise.acknowledged) return `serial ${serial} updated after the request to stop`
      if (promise) promise.signed = amount
      else
        promises.set(serial, {
          serial,
          signed: amount,
          held: 0n,
          acknowledged: false,
          closed: false,
          stopped: false,
          forgotten: false,
        })
      settle()
      return undefined
    },
    /** The benefiter accepted; what was used before is taken first. */
    accepted(serial: bigint, amount: bigint) {
      const promise = promises.get(serial)
      if (!promise) throw new Error(`nobody signed ${serial}`)
      const increase = amount - promise.held
      promise.held = amount
      const taken = least(model.unpaid, increase)
      model.unpaid -= taken
      model.left += increase - taken
    },
    /** A session used so much more; `said`: what the issuer takes to be left, undefined when it never heard. */
    used(amount: bigint, said: bigint | undefined) {
      const taken = least(amount, model.left)
      model.left -= taken
      model.unpaid += amount - taken
      if (said === undefined) return
      const free = least(most(said - model.leftover(), 0n), amount)
      model.owed += amount - free
      settle()
    },
    /** The session is over: what was used beyond is forgotten on both sides. */
    sessionOver() {
      if (model.owed !== model.unpaid) model.hasDrifted = true
      model.owed = 0n
      model.unpaid = 0n
    },
    cleared(promise: Promised, amount: bigint) {
      if (amount < promise.held) model.hasDrifted = true
      promise.cleared = amount
      model.balance -= amount
      // A serial below can never be cleared any more: it was void already, or nobody held it.
      for (const other of promises.values()) {
        if (other.serial < promise.serial) other.cleared ??= 0n
      }
    },
    lostLedger() {
      for (const promise of promises.values()) promise.forgotten = true
      model.earned = 0n
      model.hasDrifted = true
    },
  }

  function settle() {
    const charge = least(model.owed, model.leftover())
    model.earned += charge
    model.owed -= charge
  }
  return model
}
export type PaymentModel = ReturnType<typeof createPaymentModel>
