import type { ClearResult, PromiseView } from '#shared/contract/answers.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Amount } from '#shared/model/units.ts'
import { sumOf } from '../lib/amounts.ts'
import type { Dialogue } from '../ports/dialogue.ts'
import { type Benefiter, createBenefiter } from './benefiter.ts'
import { alignWithChain, clearPeers } from './clearing.ts'
import type { PaymentsDeps } from './deps.ts'
import { createExposure, type Exposure } from './exposure.ts'
import { leftoverAt, leftoverInAll, reconcileGiven } from './given.ts'
import { createGroupCommit } from './group-commit.ts'
import { createIssuer, type Issuer } from './issuer.ts'

/** Payment inside one dialogue, both ways (whitepaper 6.6.2: the relationship is symmetrical). */
export type PaymentLink = { readonly peer: IdentityId; readonly issuer: Issuer; readonly benefiter: Benefiter }

export type Payments = {
  /** Takes part in a dialogue: sends the first advice and answers. The same dialogue gives the same link. */
  /**
   * The payments of this dialogue. Before `settled` the peer is told nothing of what is left: what it used in a dialogue
   * before is taken first. Otherwise a peer that was killed meanwhile would take its first word for the whole.
   */
  attach(dialogue: Dialogue, settled?: Promise<unknown>): PaymentLink
  /**
   * Clears what peers promised, all of them or those named. Never rejects for one that cannot be cleared: its
   * result carries a `message`. A run that is under way for a peer is joined; one that accepts less follows it.
   */
  clear(peers?: IdentityId | readonly IdentityId[], options?: { acceptLess?: boolean }): Promise<ClearResult[]>
  /** Compares given promises with the chain; what was cleared stops counting as payable. */
  reconcile(): Promise<void>
  /** Compares promises of these issuers with the chain, or of all that were cleared lately. */
  align(issuers?: readonly IdentityId[]): Promise<void>
  /** The one that goes on with this peer. */
  dialogueWith(peer: IdentityId): Dialogue | undefined
  /** Given and received, newest first. */
  promises(): PromiseView[]
  /** Not cleared yet: promised by others, and to others. Paid ahead: promised to others, cleared or not, and not used. */
  totals(): { receivable: Amount; payable: Amount; paidAhead: Amount }
  /** Promised to the peer and not earned by it, as this side reckons: what would be lost now. */
  atRisk(peer: IdentityId): Amount
  /** How far issuers are trusted. */
  readonly exposure: Exposure
  /** Used by peers since local midnight, and paid ahead by them and not used yet. */
  earnings(): { earnedToday: Amount; heldAhead: Amount }
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

  const commits = createGroupCommit(ledger.atomically, changed)
  const exposure = createExposure(deps)

  async function tell(peer: IdentityId): Promise<void> {
    // A peer that is gone cannot send an update either; a new dialogue begins with an advice without one.
    await open
      .get(peer)
      ?.link.benefiter.advise()
      .catch(() => undefined)
  }

  async function clear(peers: readonly IdentityId[], acceptLess: boolean): Promise<ClearResult[]> {
    // What is under way may end for want of cover; at a loss it is another run.
    if (acceptLess) await Promise.all(peers.map((peer) => clearing.get(peer)))
    const fresh = peers.filter((peer) => !clearing.has(peer))
    const run = clearPeers(deps, fresh, { acceptLess }, tell, changed)
    for (const peer of fresh) {
      const own = run
        .then((results) => results.filter((result) => result.peer === peer))
        .finally(() => clearing.delete(peer))
      clearing.set(peer, own)
    }
    return (await Promise.all(peers.map((peer) => clearing.get(peer) ?? []))).flat()
  }

  return {
    attach(dialogue, settled = Promise.resolve()) {
      const known = links.get(dialogue)
      if (known) return known
      const link = {
        peer: dialogue.peer,
        benefiter: createBenefiter(deps, { commits, exposure }, dialogue, settled),
        issuer: createIssuer(deps, dialogue, changed),
      }
      links.set(dialogue, link)
      deps.sharing?.attach(dialogue)
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
    clear(peers, { acceptLess = false } = {}) {
      const every = () => ledger.received().map(({ issuer }) => issuer)
      const named = peers === undefined ? every() : [peers].flat()
      return clear([...new Set(named)], acceptLess)
    },
    async reconcile() {
      for (const peer of new Set(ledger.openGiven().map(({ benefiter }) => benefiter))) await reconcileGiven(deps, peer)
      changed()
    },
    async align(issuers) {
      const sinceMs = clock.now() - DAY_MS
      const lately = () =>
        ledger.received().filter(({ state, updatedAtMs }) => state !== 'open' && updatedAtMs > sinceMs)
      for (const issuer of new Set(issuers ?? lately().map((promise) => promise.issuer))) {
        // A clearing that is under way does this by itself.
        if (!clearing.has(issuer)) await alignWithChain(deps, issuer)
      }
      changed()
    },
    dialogueWith: (peer) => open.get(peer)?.dialogue,
    promises() {
      const given = ledger.given().map(
        ({ benefiter, serial, amount, cleared, updatedAtMs, signature }): PromiseView => ({
          direction: 'given',
          peer: benefiter,
          serial,
          amount,
          state: cleared ? 'cleared' : 'open',
          updatedAtMs,
          signature,
        }),
      )
      const received = ledger.received().map(
        ({ issuer, serial, amount, state, updatedAtMs, signature }): PromiseView => ({
          direction: 'received',
          peer: issuer,
          serial,
          amount,
          state,
          updatedAtMs,
          signature,
        }),
      )
      return [...given, ...received].sort((a, b) => b.updatedAtMs - a.updatedAtMs)
    },
    totals() {
      const given = ledger.openGiven()
      const paidAhead = leftoverInAll(ledger, given)
      return { receivable: sumOf(ledger.openReceived()), payable: sumOf(given), paidAhead }
    },
    atRisk: (peer) => leftoverAt(ledger, peer),
    exposure,
    earnings: () => ({
      earnedToday: sumOf(ledger.earnedSince(new Date(clock.now()).setHours(0, 0, 0, 0))),
      heldAhead: ledger.heldAhead(),
    }),
    onChange(handle) {
      listeners.add(handle)
      return () => void listeners.delete(handle)
    },
  }
}
