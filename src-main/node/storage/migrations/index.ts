import { chain } from './001-chain.ts'
import { proposals } from './002-proposals.ts'
import { ledger } from './003-ledger.ts'
import { sessions } from './004-sessions.ts'
import { transactions } from './005-transactions.ts'
import { risk } from './006-risk.ts'
import { conduct } from './007-conduct.ts'
import { ledgerOrder } from './008-ledger-order.ts'
import { uncompared } from './009-uncompared.ts'
import { shareVolume } from './010-share-volume.ts'
import { earnedQuarters } from './011-earned-quarters.ts'
import { signedRecords } from './012-signed-records.ts'
import { programs } from './013-programs.ts'
import { sessionCountry } from './014-session-country.ts'
import { blockTimes } from './015-block-times.ts'
import { lastFailure } from './016-last-failure.ts'
import type { Migration } from './migration.ts'

/** In the order they run. A migration that was released never changes and never leaves this list. */
export const migrations: readonly Migration[] = [
  chain,
  proposals,
  ledger,
  sessions,
  transactions,
  risk,
  conduct,
  ledgerOrder,
  uncompared,
  shareVolume,
  earnedQuarters,
  signedRecords,
  programs,
  sessionCountry,
  blockTimes,
  lastFailure,
]
