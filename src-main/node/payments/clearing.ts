import type { ClearResult } from '#shared/contract/answers.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'

import { CLEARED_TOGETHER, type Moved, type TransactionResult } from '../ports/chain.ts'
import type { ReceivedPromise } from '../storage/ledger-repository.ts'
import type { PaymentsDeps } from './deps.ts'

/** The clearing of a pair that the chain has forgotten in a reorganisation is made again only after so long. */
const SETTLED_MS = 600_000
/** A peer that does not acknowledge must not hold up what is owed; what it updates from then on is refused. */
const TELL_MS = 15_000

const UNCOVERED = 'The account of the issuer holds less than was promised; the promise keeps its value until it does.'

/**
 * Clears what peers promised, for each the lowest serial first (whitepaper 6.5.4), those of several peers in
 * one transaction. Before a promise is sent to the chain it is not updatable any more (durable), and a peer
 * in a dialogue has been told; an update that crosses is refused by then. Each promise goes
 *
 *   open ─ told ─▸ clearing ─ mined ─▸ cleared
 *     ▲               │ refused by the contract
 *     └───────────────┘
 *
 * and every run begins with the chain's last cleared serial, so that after a crash anywhere nothing is sent
 * twice. When a promise cannot be cleared the ones after it wait, because clearing a higher serial would
 * void it. For the same reason a transaction has one promise of a peer, and the next is signed only when the
 * chain has this one: anybody who sees the signatures can send them in the order that he likes.
 */
export async function clearPeers(
  deps: PaymentsDeps,
  peers: readonly IdentityId[],
  { acceptLess = false }: { acceptLess?: boolean },
  tell: (peer: IdentityId) => Promise<void>,
  changed: () => void,
): Promise<ClearResult[]> {
  const { ledger, chain, clock, log } = deps
  const results: ClearResult[] = []
  /** How far this run goes for each peer; what is promised later waits for the next. */
  const upTo = new Map<IdentityId, bigint>()
  const save = (promise: ReceivedPromise) => ledger.saveReceived({ ...promise, updatedAtMs: clock.now() })

  const succeeded = ({ issuer, serial, amount }: ReceivedPromise, moved: Moved, sent?: TransactionResult) =>
    results.push({
      ...{ peer: issuer, serial, amount, cleared: moved.amount, fee: moved.fee },
      ...(sent === undefined ? {} : { transaction: sent.hash, gasPaid: sent.gasPaid }),
    })
  const failed = ({ issuer, serial, amount }: ReceivedPromise, error: unknown) => {
    const isUncovered =
      error === UNCOVERED || (error instanceof MystError && error.details.error === 'InsufficientBalance')
    const message = isUncovered ? UNCOVERED : error instanceof Error ? error.message : String(error)
    results.push({ peer: issuer, serial, amount, fee: 0n, message, ...(isUncovered ? { uncovered: true } : {}) })
    upTo.delete(issuer)
  }

  async function begin(peer: IdentityId): Promise<void> {
    try {
      await alignWithChain(deps, peer)
      const last = ledger.openReceived(peer).at(-1)
      if (last) upTo.set(peer, last.serial)
    } catch (error) {
      log.warn(`could not clear what ${peer} promised: ${error instanceof Error ? error.message : String(error)}`)
      for (const promise of ledger.openReceived(peer)) failed(promise, error)
    }
  }

  /**
   * The promises that are next, one of each peer, as many as go into one transaction. One that our copy of the
   * chain says is not covered goes alone: then the estimate refuses it before anything is paid for.
   */
  function nextOnes(): ReceivedPromise[] {
    const batch: ReceivedPromise[] = []
    for (const [peer, serial] of upTo) {
      const promise = ledger.openReceived(peer)[0]
      if (!promise || promise.serial > serial) {
        upTo.delete(peer)
        continue
      }
      const balance = deps.accounts?.balanceOf(peer) ?? promise.amount
      // Its serial would be spent for nothing at all, which nobody means.
      if (acceptLess && balance === 0n && promise.state === 'open') failed(promise, UNCOVERED)
      else if (balance >= promise.amount || acceptLess) batch.push(promise)
      else if (batch.length === 0) return [promise]
      if (batch.length === CLEARED_TOGETHER) break
    }
    // What may have been sent already goes as it went before: then the same transaction is waited for.
    const interrupted = batch.filter(({ state }) => state === 'clearing')
    return interrupted.length > 0 ? interrupted : batch
  }

  async function clearBatch(batch: readonly ReceivedPromise[]): Promise<void> {
    const toTell = batch.filter(({ stopped }) => !stopped)
    // From here on no update is accepted; what is in now is what is cleared.
    ledger.atomically(() => {
      for (const promise of batch) save({ ...promise, stopped: true })
    })
    await Promise.all(toTell.map(({ issuer }) => patiently(tell(issuer))))
    ledger.atomically(() => {
      for (const promise of batch) save({ ...promise, stopped: true, state: 'clearing' })
    })
    changed()
    try {
      await send(batch)
    } catch (error) {
      for (const promise of batch) await settleFailed(promise, error)
    }
    changed()
  }

  async function send(batch: readonly ReceivedPromise[]): Promise<void> {
    const [only] = batch
    const options = { acceptLess }
    if (only && batch.length === 1) {
      const sent = await chain.clear(only, deps.identity, deps.gas(), options)
      save({ ...only, stopped: true, state: 'cleared' })
      succeeded(only, sent, sent)
      return
    }
    const { outcomes, ...sent } = await chain.clearMany(batch, deps.identity, deps.gas(), options)
    for (const [index, promise] of batch.entries()) {
      const outcome = outcomes[index]
      if (outcome?.kind === 'cleared') {
        save({ ...promise, stopped: true, state: 'cleared' })
        succeeded(promise, outcome, sent)
      } else {
        const error = outcome?.error ?? 'unknown'
        const message = `The contract refused the promise for a reason: ${error}.`
        await settleFailed(promise, new MystError('TransactionFailed', message, { details: { error } }))
      }
    }
  }

  /** After a failure the chain says whether it went through all the same, with us or without. */
  async function settleFailed(promise: ReceivedPromise, error: unknown): Promise<void> {
    const { issuer, serial, amount } = promise
    const last = await alignWithChain(deps, issuer).catch(() => 0n)
    if (last >= serial) {
      const copied = deps.clearings?.(issuer, 100, promise.benefiter).find((one) => one.serial === serial)
      const moved = copied?.amount ?? amount
      succeeded(promise, { amount: moved, fee: (moved * (await chain.networkFeeBps().catch(() => 0n))) / 10_000n })
      return
    }
    // One that may still be mined stays "clearing"; the next run asks the chain first.
    const isOver = error instanceof MystError && error.name !== 'TransactionPending'
    save({ ...promise, stopped: true, state: isOver ? 'open' : 'clearing' })
    failed(promise, error)
  }

  function patiently(telling: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(TELL_MS, resolve)
      const done = () => {
        cancel()
        resolve()
      }
      telling.then(done, done)
    })
  }

  await Promise.all(peers.map(begin))
  for (let batch = nextOnes(); batch.length > 0; batch = nextOnes()) await clearBatch(batch)
  changed()
  return results
}

/** Writes down what the chain has cleared of a peer's promises; the last serial it has. */
export async function alignWithChain(deps: PaymentsDeps, peer: IdentityId): Promise<bigint> {
  const { ledger, chain, clock, log } = deps
  const last = await chain.lastClearedSerial(peer, deps.identity.id)
  const nowMs = clock.now()
  for (const promise of ledger.received(peer)) {
    const isSettled = promise.updatedAtMs < nowMs - SETTLED_MS
    if (promise.state !== 'cleared' && promise.serial <= last) {
      ledger.saveReceived({ ...promise, state: 'cleared', stopped: true, updatedAtMs: nowMs })
    } else if (promise.state === 'cleared' && promise.serial > last && isSettled) {
      log.warn(`the chain has lost the clearing of ${peer}'s promise ${promise.serial}`)
      ledger.saveReceived({ ...promise, state: 'open', stopped: true, updatedAtMs: nowMs })
    }
  }
  return last
}
