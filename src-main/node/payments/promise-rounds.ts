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

/** Providers asked in one round: half of them known to be paid by the same issuers, the others at random. */
const ASKED_AT_ONCE = 4
/** Without news one asks again after so long. */
const QUIET_MS = 600_000
/** An issuer is news when it owes so much more than when it was asked about last. */
const GROWN_PERCENT = 110n
/** One that is away must not hold up the others. */
const OPEN_MS = 5_000

export type Provider = { provider: IdentityId; contacts: readonly Contact[] }

export type PromiseRounds = {
  /** A promise came in. */
  look(): void
  stop(): void
}

/**
 * Asks a few other providers about the issuers that owe something here (whitepaper 6.5.6): soon after one
 * has begun to owe noticeably more, else every ten minutes. First those who are known to be paid by the same
 * issuers, from the chain or from others' reports, who learn nothing from being asked; and strangers from the
 * catalogue, because somebody has to find out.
 */
export function createPromiseRounds(deps: {
  self: IdentityId
  sharing: Pick<PromiseSharing, 'ask' | 'benefitersOf' | 'tidy'>
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
  /** What each issuer owed when others were asked about it. */
  const askedAt = new Map<IdentityId, Amount>()
  let lastRoundMs = Number.NEGATIVE_INFINITY
  let running = false
  let cancelNext: (() => void) | undefined
  let stopped = false

  function owed(): Map<IdentityId, Amount> {
    const sums = new Map<IdentityId, Amount>()
    for (const { issuer, amount } of ledger.openReceived()) sums.set(issuer, (sums.get(issuer) ?? 0n) + amount)
    return new Map([...sums].filter(([, sum]) => sum >= deps.tellFrom()))
  }

  const hasNews = (sums: Map<IdentityId, Amount>) =>
    [...sums].some(([issuer, sum]) => sum * 100n >= (askedAt.get(issuer) ?? 0n) * GROWN_PERCENT)

  function pick<T>(from: T[], count: number): T[] {
    const picked: T[] = []
    while (picked.length < count && from.length > 0) {
      picked.push(...from.splice(Math.floor(random() * from.length), 1))
    }
    return picked
  }

  function whomToAsk(issuers: readonly IdentityId[]): Provider[] {
    const mayAsk = ({ provider }: Provider) => provider !== self && deps.mayOpen(provider)
    const paid = issuers.flatMap((issuer) => [
      ...sharing.benefitersOf(issuer),
      ...accounts.clearings(issuer, 100).map(({ benefiter }) => benefiter),
    ])
    const related = [...new Set(paid)].flatMap((provider) => deps.find(provider) ?? []).filter(mayAsk)
    const first = pick(related, ASKED_AT_ONCE / 2)
    const known = new Set(first.map(({ provider }) => provider))
    const others = new Map(deps.providers().map((one) => [one.provider, one]))
    const strangers = [...others.values()].filter((one) => mayAsk(one) && !known.has(one.provider))
    return [...first, ...pick(strangers, ASKED_AT_ONCE - first.length)]
  }

  async function ask({ provider, contacts }: Provider, issuers: readonly IdentityId[]): Promise<void> {
    const open = deps.dialogueWith(provider)
    const dialogue = open ?? (await deps.dialogues.open(provider, contacts, { timeoutMs: OPEN_MS }))
    try {
      await sharing.ask(dialogue, issuers)
    } finally {
      if (!open) await dialogue.close()
    }
  }

  async function round(sums: Map<IdentityId, Amount>): Promise<void> {
    const issuers = [...sums].sort((a, b) => (b[1] > a[1] ? 1 : -1)).map(([issuer]) => issuer)
    askedAt.clear()
    for (const [issuer, sum] of sums) askedAt.set(issuer, sum)
    sharing.tidy()
    const asking = whomToAsk(issuers).map((one) =>
      ask(one, issuers).catch((error: unknown) => log.debug(`${one.provider} was not asked: ${String(error)}`)),
    )
    await Promise.all(asking)
  }

  function look(): void {
    if (running || stopped || !deps.isOn()) return
    const sums = owed()
    const sinceMs = clock.now() - lastRoundMs
    if (sums.size === 0 || (!hasNews(sums) && sinceMs < QUIET_MS)) return
    if (sinceMs < INQUIRY_INTERVAL_MS) {
      // Nobody answers more often.
      cancelNext ??= clock.after(INQUIRY_INTERVAL_MS - sinceMs, () => {
        cancelNext = undefined
        look()
      })
      return
    }
    running = true
    lastRoundMs = clock.now()
    round(sums)
      .catch((error: unknown) => log.warn(`others could not be asked: ${String(error)}`))
      .finally(() => {
        running = false
        look()
      })
  }

  const cancelEvery = clock.every(QUIET_MS / 10, look)
  return {
    look,
    stop() {
      stopped = true
      cancelEvery()
      cancelNext?.()
    },
  }
}
