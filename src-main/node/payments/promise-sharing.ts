import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import type { RefusalReason } from '#shared/model/refusal.ts'
import type { Amount } from '#shared/model/units.ts'
import { sumOf } from '../lib/amounts.ts'
import type { Logger } from '../lib/logger.ts'
import type { Chain } from '../ports/chain.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dialogue } from '../ports/dialogue.ts'
import type { Registry } from '../ports/identity.ts'
import { INQUIRY_INTERVAL_MS, MAX_PROMISES_TOLD } from '../protocol/limits.ts'
import { PROMISE_INQUIRY, PROMISE_REPORT, promisesTold, promisesToldBody } from '../protocol/promise-sharing.ts'
import type { ChainRepository } from '../storage/chain-repository.ts'
import type { LedgerRepository } from '../storage/ledger-repository.ts'
import type { SharedPromiseRepository } from '../storage/shared-promise-repository.ts'
import { isSignedByIssuer } from './check-promise.ts'

/** A hostile issuer can sign promises to any number of invented benefiters, at the price of one registration. */
const BOUNDS = { ofIssuer: 64, inAll: 4_096 }
/** What nobody cleared for so long was given up, and must not stand against its issuer for ever. */
const LIFETIME_MS = 7 * 86_400_000
/** Signatures checked in one go; then others have their turn. */
const CHECK_AT_ONCE = 4
/** Peers whose last inquiry is remembered, and inquiries at work at a time. */
const MAX_ASKERS = 1_024
const MAX_AT_WORK = 4

export type PromiseSharing = {
  /** Answers what the peer of a dialogue asks about issuers that promised to it, while sharing is on. */
  attach(dialogue: Dialogue): void
  /** Asks the peer about these issuers; how many promises were news. */
  ask(dialogue: Dialogue, issuers: readonly IdentityId[]): Promise<number>
  /** Promised to others and not cleared, as far as this node was told. */
  outstandingElsewhere(issuer: IdentityId): Amount
  /** To whom this issuer promised, as far as this node was told. */
  benefitersOf(issuer: IdentityId): IdentityId[]
  /** Called with each issuer of whom something new was learned. */
  onLearned(handle: (issuer: IdentityId) => void): () => void
  /** Forgets what is cleared or was given up. */
  tidy(): void
}

/**
 * Whitepaper 6.5.6: promises received from clients, without the benefiter's signature, are told to others to find
 * issuers who promise more than they have. Rules:
 * - One is told of an issuer only after showing a promise of that issuer to oneself: what is known of a client
 *   spreads among those whom it pays, and nobody else can ask who uses whom.
 * - Nothing is told below `tellFrom`: what is above is cleared, and public with that, before long anyway.
 * - What one is told counts only with the issuer's own signature, so nobody can speak ill of another. It is
 *   looked at and passed on, never countersigned: the keys for that are not here.
 */
export function createPromiseSharing(deps: {
  self: IdentityId
  chain: Pick<Chain, 'promiseDigest'>
  registry: Registry
  ledger: Pick<LedgerRepository, 'openReceived'>
  shared: SharedPromiseRepository
  accounts: Pick<ChainRepository, 'lastClearedSerial'>
  clock: Clock
  log: Logger
  isOn: () => boolean
  tellFrom: () => Amount
}): PromiseSharing {
  const { self, chain, registry, ledger, shared, accounts, clock, log } = deps
  const listeners = new Set<(issuer: IdentityId) => void>()
  const lastAskedMs = new Map<IdentityId, number>()
  let atWork = 0

  /** Still to be cleared, and payable by the contract at all. */
  const counts = ({ issuer, benefiter, serial, amount }: SignedPromise) =>
    amount > 0n &&
    amount <= registry.registeredValue(issuer) / 2n &&
    serial > accounts.lastClearedSerial(issuer, benefiter)

  const heardOf = (issuer: IdentityId) =>
    shared.of(issuer).filter((promise) => promise.benefiter !== self && counts(promise))

  const own = (issuer: IdentityId): SignedPromise[] => {
    const open = ledger.openReceived(issuer)
    return sumOf(open) >= deps.tellFrom() ? open : []
  }

  /** Keeps what is true of `told`, the cheap checks first; the issuers of which something is new. */
  async function learn(told: readonly SignedPromise[], isAbout: (promise: SignedPromise) => boolean): Promise<number> {
    const news = new Set<IdentityId>()
    let checked = 0
    let learned = 0
    for (const promise of told) {
      const known = shared.find(promise)
      if (promise.benefiter === self || !isAbout(promise) || !counts(promise)) continue
      if (known && known.amount >= promise.amount) continue
      if (++checked % CHECK_AT_ONCE === 0) await new Promise<void>((resolve) => setImmediate(resolve))
      if (!isSignedByIssuer(promise, chain)) continue
      shared.save({ ...promise, heardAtMs: clock.now() }, BOUNDS)
      news.add(promise.issuer)
      learned++
    }
    for (const issuer of news) for (const listener of [...listeners]) listener(issuer)
    return learned
  }

  /** What proves that the asker may ask: promises to itself that are worth telling, of which no word is a lie. */
  function provenIssuers(peer: IdentityId, told: readonly SignedPromise[]): Set<IdentityId> {
    const isKept = (promise: SignedPromise) => (shared.find(promise)?.amount ?? 0n) >= promise.amount
    const proving = told.filter((promise) => promise.benefiter === peer && isKept(promise) && counts(promise))
    return new Set(proving.map(({ issuer }) => issuer))
  }

  async function answer(peer: IdentityId, body: unknown) {
    if (!deps.isOn()) throw refused('service-unavailable')
    const { promises } = promisesTold.parse(body)
    const nowMs = clock.now()
    if (atWork >= MAX_AT_WORK || nowMs - (lastAskedMs.get(peer) ?? Number.NEGATIVE_INFINITY) < INQUIRY_INTERVAL_MS) {
      throw refused('service-unavailable')
    }
    lastAskedMs.delete(peer)
    lastAskedMs.set(peer, nowMs)
    for (const oldest of lastAskedMs.keys()) {
      if (lastAskedMs.size <= MAX_ASKERS) break
      lastAskedMs.delete(oldest)
    }
    atWork++
    try {
      await learn(promises, (promise) => promise.benefiter === peer)
    } finally {
      atWork--
    }
    const report: SignedPromise[] = []
    for (const issuer of provenIssuers(peer, promises)) {
      report.push(...own(issuer), ...heardOf(issuer).filter(({ benefiter }) => benefiter !== peer))
    }
    return { type: PROMISE_REPORT, body: promisesToldBody(report) }
  }

  return {
    attach(dialogue) {
      dialogue.handle(PROMISE_INQUIRY, (body) => answer(dialogue.peer, body))
    },
    async ask(dialogue, issuers) {
      const promises = issuers.flatMap(own).slice(0, MAX_PROMISES_TOLD)
      const asked = new Set(promises.map(({ issuer }) => issuer))
      if (asked.size === 0) return 0
      const reply = await dialogue.request(PROMISE_INQUIRY, promisesToldBody(promises))
      if (reply.type !== PROMISE_REPORT) return 0
      const learned = await learn(promisesTold.parse(reply.body).promises, ({ issuer }) => asked.has(issuer))
      if (learned > 0) log.debug(`${dialogue.peer} told of ${learned} promises`)
      return learned
    },
    outstandingElsewhere: (issuer) => sumOf(heardOf(issuer)),
    benefitersOf: (issuer) => [...new Set(heardOf(issuer).map(({ benefiter }) => benefiter))],
    onLearned(handle) {
      listeners.add(handle)
      return () => void listeners.delete(handle)
    },
    tidy() {
      for (const promise of shared.all()) {
        if (!counts(promise) || promise.heardAtMs < clock.now() - LIFETIME_MS) shared.remove(promise)
      }
    },
  }
}

function refused(reason: RefusalReason): Error {
  return Object.assign(new MystError('Refused', 'The inquiry is not answered.'), { reason })
}
