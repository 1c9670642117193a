import type { ClearResult } from '#shared/contract/commands.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'

import type { ReceivedPromise } from '../storage/ledger-repository.ts'
import type { PaymentsDeps } from './deps.ts'

/** The clearing of a pair that the chain has forgotten in a reorganisation is made again only after so long. */
const SETTLED_MS = 600_000

/**
 * Clears what a peer promised, lowest serial first (whitepaper 6.5.4). Before anything is sent to the
 * chain no promise of the peer is updatable any more (durable), and a peer in a dialogue has been told
 * and has acknowledged it; an update that crosses is refused by then. Each promise goes
 *
 *   open ─ told ─▸ clearing ─ mined ─▸ cleared
 *     ▲               │ refused by the contract
 *     └───────────────┘
 *
 * and every run begins with the chain's last cleared serial, so that after a crash anywhere nothing is
 * sent twice. When a promise cannot be cleared the ones after it wait, because clearing a higher serial
 * would void it.
 */
export async function clearPeer(
  deps: PaymentsDeps,
  peer: IdentityId,
  tell: () => Promise<void>,
  changed: () => void,
): Promise<ClearResult[]> {
  const { ledger, chain, clock, log } = deps
  const self = deps.identity.id
  const save = (promise: ReceivedPromise) => {
    ledger.saveReceived({ ...promise, updatedAtMs: clock.now() })
    changed()
  }

  /** Writes down what the chain has cleared; the last serial it has. */
  const alignWithChain = async (): Promise<bigint> => {
    const last = await chain.lastClearedSerial(peer, self)
    for (const promise of ledger.received(peer)) {
      const isSettled = promise.updatedAtMs < clock.now() - SETTLED_MS
      if (promise.state !== 'cleared' && promise.serial <= last) save({ ...promise, state: 'cleared', stopped: true })
      else if (promise.state === 'cleared' && promise.serial > last && isSettled) {
        log.warn(`the chain has lost the clearing of ${peer}'s promise ${promise.serial}`)
        save({ ...promise, state: 'open', stopped: true })
      }
    }
    return last
  }

  const result = ({ serial, amount }: ReceivedPromise, feeBps: bigint) => ({
    peer,
    serial,
    amount,
    fee: (amount * feeBps) / 10_000n,
  })

  await alignWithChain()
  const feeBps = await chain.networkFeeBps()
  const waiting = ledger.received(peer).filter((promise) => promise.state !== 'cleared')
  if (waiting.length === 0) return []
  // From here on no update is accepted; what is in now is what is cleared.
  const stopped = waiting.map((promise) => ({ ...promise, stopped: true }))
  ledger.atomically(() => stopped.forEach(save))
  await tell()

  const results: ClearResult[] = []
  for (const promise of stopped) {
    save({ ...promise, state: 'clearing' })
    try {
      const { hash } = await chain.clear(promise, deps.identity, deps.gas())
      save({ ...promise, state: 'cleared' })
      results.push({ ...result(promise, feeBps), transaction: hash })
    } catch (error) {
      const last = await alignWithChain().catch(() => 0n)
      if (last >= promise.serial) {
        results.push(result(promise, feeBps))
        continue
      }
      // One that may still be mined stays "clearing"; the next run asks the chain first.
      if (error instanceof MystError && error.name !== 'TransactionPending') save({ ...promise, state: 'open' })
      const message = error instanceof Error ? error.message : String(error)
      results.push({ ...result(promise, feeBps), message })
      break
    }
  }
  return results
}
