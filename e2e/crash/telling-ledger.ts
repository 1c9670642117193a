import type { LedgerRepository } from '../../src-main/node/storage/ledger-repository.ts'
import type { Told } from './terms.ts'

/** A ledger that tells what was written once it is on disk. */
export function tellingLedger(ledger: LedgerRepository, tell: (told: Told) => void): LedgerRepository {
  let depth = 0
  let waiting: Told[] = []
  const written = (told: Told) => {
    waiting.push(told)
    if (depth === 0) flush()
  }
  const flush = () => {
    for (const told of waiting.splice(0)) tell(told)
  }
  return {
    ...ledger,
    atomically(work) {
      depth += 1
      try {
        const result = ledger.atomically(work)
        if (depth === 1) flush()
        return result
      } finally {
        depth -= 1
        if (depth === 0) waiting = []
      }
    },
    saveGiven(promise) {
      ledger.saveGiven(promise)
      const { serial, amount, accepted, cleared } = promise
      written({ event: 'given', serial: `${serial}`, amount: `${amount}`, accepted: `${accepted}`, cleared })
    },
    saveReceived(promise) {
      ledger.saveReceived(promise)
      const { serial, amount, state } = promise
      written({ event: 'received', serial: `${serial}`, amount: `${amount}`, state })
    },
  }
}
