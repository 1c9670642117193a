import type { ClearResult, PromiseView } from '#shared/contract/commands.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Dialogue } from '../ports/dialogue.ts'
import { type Benefiter, createBenefiter, dayOf } from './benefiter.ts'
import { clearPeer } from './clearing.ts'
import type { PaymentsDeps } from './deps.ts'
import { leftoverAt, reconcileGiven } from './given.ts'
import { createIssuer, type Issuer } from './issuer.ts'

/** Payment inside one dialogue, both ways (whitepaper 6.6.2: the relationship is symmetrical). */
export type PaymentLink = { readonly peer: IdentityId; readonly issuer: Issuer; readonly benefiter: Benefiter }

export type Payments = {
  /** Takes part in a dialogue: sends the first advice and answers. The same dialogue gives the same link. */
  attach(dialogue: Dialogue): PaymentLink
  /**
   * Clears what peers promised, all of them or one. Never rejects for one that cannot be cleared: its
   * result carries a `message`. A run that is under way for a peer is joined.
   */
  clear(peer?: IdentityId): Promise<ClearResult[]>
  /** Compares given promises with the chain; what was cleared stops counting as payable. */
  reconcile(): Promise<void>
  /** Given and received, newest first. */
  promises(): PromiseView[]
  /** Not cleared yet: promised by others, and to others. */
  totals(): { receivable: Amount; payable: Amount }
  /** Promised to the peer and not earned by it, as this side reckons: what would be lost now. */
  atRisk(peer: IdentityId): Amount
  /** Accepted promises, cleared or not, since local midnight. */
  earnedToday(): Amount
  /** By local day, oldest first; days without any are left out. */
  earnedByDay(days: number): { day: string; amount: Amount }[]
  /** Called after anything above could answer differently. */
  onChange(handle: () => void): () => void
}

const DAY_MS = 86_400_000

export function createPayments(deps: PaymentsDeps): Payments {
  const { ledger, clock, log } = deps
  const links = new WeakMap<Dialogue, PaymentLink>()
  const open = new Map<IdentityId, { dialogue: Dialogue; link: PaymentLink }>()
  const clearing = new Map<IdentityId, Promise<ClearResult[]>>()
  const listeners = new Set<() => void>()
  const changed = () => {
    for (const listener of [...listeners]) listener()
  }

  async function tell(peer: IdentityId): Promise<void> {
    // A peer that is gone cannot send an update either; a new dialogue begins with an advice without one.
    await open
      .get(peer)
      ?.link.benefiter.advise()
      .catch(() => undefined)
  }

  async function clearAndReport(peer: IdentityId): Promise<ClearResult[]> {
    try {
      return await clearPeer(deps, peer, () => tell(peer), changed)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      log.warn(`could not clear what ${peer} promised: ${message}`)
      return ledger
        .received(peer)
        .filter(({ state }) => state !== 'cleared')
        .map(({ serial, amount }) => ({ peer, serial, amount, fee: 0n, message }))
    }
  }

  function clearOne(peer: IdentityId): Promise<ClearResult[]> {
    const underWay = clearing.get(peer)
    if (underWay) return underWay
    const run = clearAndReport(peer).finally(() => clearing.delete(peer))
    clearing.set(peer, run)
    return run
  }

  return {
    attach(dialogue) {
      const known = links.get(dialogue)
      if (known) return known
      const link = {
        peer: dialogue.peer,
        benefiter: createBenefiter(deps, dialogue, changed),
        issuer: createIssuer(deps, dialogue, changed),
      }
      links.set(dialogue, link)
      open.set(dialogue.peer, { dialogue, link })
      void dialogue.closed.then(() => {
        if (open.get(dialogue.peer)?.dialogue === dialogue) open.delete(dialogue.peer)
      })
      link.benefiter.advise().catch((error: unknown) => log.debug(`first advice was not delivered: ${String(error)}`))
      reconcileGiven(deps, dialogue.peer)
        .then(changed)
        .catch((error: unknown) => log.debug(`cannot compare promises with the chain: ${String(error)}`))
      return link
    },
    async clear(peer) {
      const peers = peer === undefined ? new Set(ledger.received().map(({ issuer }) => issuer)) : [peer]
      const results: ClearResult[] = []
      for (const one of peers) results.push(...(await clearOne(one)))
      return results
    },
    async reconcile() {
      for (const peer of new Set(ledger.openGiven().map(({ benefiter }) => benefiter))) await reconcileGiven(deps, peer)
      changed()
    },
    promises() {
      const given = ledger.given().map(
        ({ benefiter, serial, amount, cleared, updatedAtMs }): PromiseView => ({
          direction: 'given',
          peer: benefiter,
          serial,
          amount,
          state: cleared ? 'cleared' : 'open',
          updatedAtMs,
        }),
      )
      const received = ledger.received().map(
        ({ issuer, serial, amount, state, updatedAtMs }): PromiseView => ({
          direction: 'received',
          peer: issuer,
          serial,
          amount,
          state,
          updatedAtMs,
        }),
      )
      return [...given, ...received].sort((a, b) => b.updatedAtMs - a.updatedAtMs)
    },
    totals() {
      const sum = (amounts: { amount: Amount }[]) => amounts.reduce((total, { amount }) => total + amount, 0n)
      return {
        receivable: sum(ledger.received().filter(({ state }) => state !== 'cleared')),
        payable: sum(ledger.openGiven()),
      }
    },
    atRisk: (peer) => leftoverAt(ledger, peer),
    earnedToday: () => ledger.earned(dayOf(clock.now())),
    earnedByDay: (days) => ledger.earnedSince(dayOf(clock.now() - (days - 1) * DAY_MS)),
    onChange(handle) {
      listeners.add(handle)
      return () => void listeners.delete(handle)
    },
  }
}
