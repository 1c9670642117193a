import { createHash } from 'node:crypto'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Contact } from '#shared/model/proposal.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Logger } from '../lib/logger.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dialogue, Dialogues } from '../ports/dialogue.ts'
import { INQUIRY_INTERVAL_MS } from '../protocol/limits.ts'
import type { ChainRepository } from '../storage/chain-repository.ts'
import type { LedgerRepository } from '../storage/ledger-repository.ts'
import type { PromiseSharing } from './promise-sharing.ts'

/** Issuers asked about in one round, those first that owe most. */
const ISSUERS_AT_ONCE = 4
/** About each: providers where all meet whom it pays, one that is known to be paid by it, and a stranger. */
const MEETING_PLACES = 2
/** Without news one asks again after twice as long each time, up to this. */
const QUIET_MS = 600_000
/** An issuer is news when it owes so much more than when it was asked about last. */
const GROWN_PERCENT = 110n
/** One that is away must not hold up the others. */
const OPEN_MS = 5_000
const DAY_MS = 86_400_000

export type Provider = { provider: IdentityId; contacts: readonly Contact[] }

export type PromiseRounds = {
  /** A promise came in. */
  look(): void
  stop(): void
}

/**
 * Asks a few other providers about the issuers that owe something here (whitepaper 6.5.6): soon after one has begun to
 * owe noticeably more, or others told of it, then less and less often. Who is paid by the same issuer has to be found
 * among thousands, so all ask at the same places: the providers whose names, mixed with the issuer's and the day, come
 * first. Nobody can choose to be the meeting place of a certain issuer for longer than a day, and who is known to be
 * paid by it, or anybody, is asked as well.
 */
export function createPromiseRounds(deps: {
  self: IdentityId
  sharing: Pick<PromiseSharing, 'ask' | 'benefitersOf' | 'onLearned' | 'tidy'>
  ledger: Pick<LedgerRepository, 'openReceived'>
  accounts: Pick<ChainRepository, 'clearings'>
  dialogues: Pick<Dialogues, 'open'>
  /** One that is open anyway: a second one with the same peer would end it and every session in it. */
  dialogueWith: (peer: IdentityId) => Dialogue | undefined
  /** Whether nothing else is being begun with this peer. */
  mayOpen: (peer: IdentityId) => boolean
  /** Everybody who can be asked, in no order that matters, and one by name. */
  providers: () => readonly Provider[]
  find: (provider: IdentityId) => Provider | undefined
  isOn: () => boolean
  tellFrom: () => Amount
  clock: Clock
  log: Logger
  /** From 0 up to 1. */
  random?: () => number
}): PromiseRounds {
  const { self, sharing, ledger, accounts, clock, log, random = Math.random } = deps
  /** What each issuer owed when others were asked about it, when that was, and how long it is good for. */
  const asked = new Map<IdentityId, { sum: Amount; atMs: number; waitMs: number }>()
  let running = false
  let stopped = false

  function owed(): Map<IdentityId, Amount> {
    const sums = new Map<IdentityId, Amount>()
    for (const { issuer, amount } of ledger.openReceived()) sums.set(issuer, (sums.get(issuer) ?? 0n) + amount)
    return new Map([...sums].filter(([, sum]) => sum >= deps.tellFrom()))
  }

  function isDue([issuer, sum]: [IdentityId, Amount]): boolean {
    const last = asked.get(issuer)
    if (!last) return true
    const sinceMs = clock.now() - last.atMs
    // Nobody answers more often.
    if (sinceMs < INQUIRY_INTERVAL_MS) return false
    return sinceMs >= last.waitMs || sum * 100n >= last.sum * GROWN_PERCENT
  }

  function pick<T>(from: T[], count: number): T[] {
    const picked: T[] = []
    while (picked.length < count && from.length > 0) {
      picked.push(...from.splice(Math.floor(random() * from.length), 1))
    }
    return picked
  }

  function whomToAsk(issuer: IdentityId, everybody: readonly Provider[]): Provider[] {
    const meeting = nearest(issuer, everybody, Math.floor(clock.now() / DAY_MS)).slice(0, MEETING_PLACES)
    const paid = new Set([
      ...sharing.benefitersOf(issuer),
      ...accounts.clearings(issuer, 100).map(({ benefiter }) => benefiter),
    ])
    const related = [...paid].flatMap((provider) => deps.find(provider) ?? []).filter(mayAsk)
    return [...meeting, ...pick(related, 1), ...pick([...everybody], 1)]
  }

  const mayAsk = ({ provider }: Provider) => provider !== self && deps.mayOpen(provider)

  async function ask({ provider, contacts }: Provider, issuers: readonly IdentityId[]): Promise<void> {
    const open = deps.dialogueWith(provider)
    try {
      if (open) return void (await sharing.ask(open, issuers))
    } catch (error) {
      // It may have been for an inquiry of the other side, and over.
      if (open?.state === 'open') throw error
    }
    const dialogue = await deps.dialogues.open(provider, contacts, { timeoutMs: OPEN_MS })
    try {
      await sharing.ask(dialogue, issuers)
    } finally {
      await dialogue.close()
    }
  }

  async function round(due: readonly [IdentityId, Amount][]): Promise<void> {
    for (const [issuer, sum] of due) {
      const last = asked.get(issuer)
      const hasGrown = !last || sum * 100n >= last.sum * GROWN_PERCENT
      const waitMs = hasGrown ? INQUIRY_INTERVAL_MS : Math.min(last.waitMs * 2, QUIET_MS)
      asked.set(issuer, { sum, atMs: clock.now(), waitMs })
    }
    const everybody = [...new Map(deps.providers().map((one) => [one.provider, one])).values()].filter(mayAsk)
    // One inquiry for each provider, about the issuers for which it was chosen and no others.
    const about = new Map<IdentityId, { one: Provider; issuers: Set<IdentityId> }>()
    for (const [issuer] of due) {
      for (const one of whomToAsk(issuer, everybody)) {
        const chosen = about.get(one.provider) ?? { one, issuers: new Set() }
        about.set(one.provider, { one, issuers: chosen.issuers.add(issuer) })
      }
    }
    const asking = [...about.values()].map(({ one, issuers }) =>
      ask(one, [...issuers]).catch((error: unknown) => log.debug(`${one.provider} was not asked: ${String(error)}`)),
    )
    await Promise.all(asking)
  }

  function look(): void {
    if (running || stopped || !deps.isOn()) return
    const sums = owed()
    for (const issuer of asked.keys()) if (!sums.has(issuer)) asked.delete(issuer)
    const due = [...sums].filter(isDue).sort((a, b) => (b[1] > a[1] ? 1 : -1))
    if (due.length === 0) return
    running = true
    round(due.slice(0, ISSUERS_AT_ONCE))
      .catch((error: unknown) => log.warn(`others could not be asked: ${String(error)}`))
      .finally(() => {
        running = false
        look()
      })
  }

  const cancels = [
    clock.every(INQUIRY_INTERVAL_MS, look),
    clock.every(QUIET_MS, sharing.tidy),
    // Who has told may know more soon, and so may those who are told next.
    sharing.onLearned((issuer) => {
      const last = asked.get(issuer)
      if (last) asked.set(issuer, { ...last, waitMs: INQUIRY_INTERVAL_MS })
    }),
  ]
  return {
    look,
    stop() {
      stopped = true
      for (const cancel of cancels) cancel()
    },
  }
}

/** Those first whom everybody else finds first too (rendezvous hashing). */
function nearest(issuer: IdentityId, providers: readonly Provider[], day: number): Provider[] {
  const rank = ({ provider }: Provider) => createHash('sha256').update(`${day} ${issuer} ${provider}`).digest('hex')
  return providers
    .map((one) => ({ one, rank: rank(one) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ one }) => one)
}
