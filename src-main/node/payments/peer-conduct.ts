import type { IdentityId } from '#shared/model/identity.ts'
import { MISCONDUCT, type MisconductKind } from '#shared/model/misconduct.ts'
import type { RefusalReason } from '#shared/model/refusal.ts'
import type { Amount } from '#shared/model/units.ts'

import type { PaymentAdvice } from '../protocol/payment.ts'
import type { GivenPromise } from '../storage/ledger-repository.ts'
import type { PaymentsDeps } from './deps.ts'
import { createPeerWord } from './peer-word.ts'

/** What no promise of ours can be refused for by a peer that means well. */
const NEVER_TRUE: ReadonlySet<RefusalReason> = new Set([
  'promise-signature-invalid',
  'promise-wrong-parties',
  'malformed-message',
  'unknown-message',
])
/** What depends on the peer's policy; before such a refusal its advice says the policy as it is now. */
const BY_POLICY: ReadonlySet<RefusalReason> = new Set(['promise-below-minimum', 'promise-above-limit'])

/** Judges how the peer of one dialogue treats our money; what can be proved is recorded at once. */
export type PeerConduct = {
  /** The peer says what is left. */
  heard(leftover: Amount): void
  /** The peer accepted a promise that adds at least so much. */
  credited(amount: Amount): void
  /** The peer refused; its advice came in order, so what it refuses for is held against what it said last. */
  refused(
    promise: GivenPromise,
    reason: RefusalReason,
    attempt: { isNew: boolean; isRepeated: boolean; advice: PaymentAdvice | undefined },
  ): void
  /** A session is about to begin: from here to `ended` the peer may use what it has left. */
  began(sessionId: string): void
  /** What the peer says that a session has cost so far, believed or not; before what it says is left afterwards. */
  metered(sessionId: string, cost: Amount): void
  /** Nothing more is used; `mostCost` when the peer's last metering did not come: more it cannot have been. */
  ended(sessionId: string, mostCost?: Amount): void
  /** For what the session saw: `lost` is at most what the peer holds of ours. */
  accuse(kind: MisconductKind, lost: Amount): void
  /** Why it is paid nothing more in this dialogue. */
  distrust(): string | undefined
  /** Called once for each kind of misconduct, after it was recorded. */
  onMisconduct(handle: (kind: MisconductKind) => void): () => void
}

export function createPeerConduct(
  { conduct, log }: Pick<PaymentsDeps, 'conduct' | 'log'>,
  peer: IdentityId,
  held: () => Amount,
): PeerConduct {
  const word = createPeerWord(conduct, peer)
  const accused = new Set<MisconductKind>()
  const listeners = new Set<(kind: MisconductKind) => void>()
  let distrusted = false

  function accuse(kind: MisconductKind, lost: Amount) {
    if (accused.has(kind)) return
    accused.add(kind)
    log.warn(`${peer}: ${MISCONDUCT[kind]}`)
    conduct?.record(peer, { kind, lost, held: held() })
    for (const handle of [...listeners]) handle(kind)
  }

  return {
    heard(leftover) {
      const missing = word.heard(leftover)
      if (missing === 0n) return
      distrusted = true
      accuse('wrong-leftover', missing)
    },
    credited: word.credited,
    refused(promise, reason, { isNew, isRepeated, advice }) {
      if (reason === 'promise-serial-cleared' && advice?.update?.serial === promise.serial) {
        accuse('cleared-unannounced', 0n)
      }
      const isOdd = NEVER_TRUE.has(reason) || (reason === 'promise-not-increased' && isNew)
      if (isOdd || (isRepeated && BY_POLICY.has(reason))) accuse('refused-payment', promise.amount - promise.accepted)
    },
    began: word.began,
    metered: word.metered,
    ended(sessionId, mostCost) {
      if (mostCost !== undefined) word.metered(sessionId, mostCost)
      word.ended(sessionId)
    },
    accuse,
    distrust: () => (distrusted ? MISCONDUCT['wrong-leftover'] : undefined),
    onMisconduct(handle) {
      listeners.add(handle)
      return () => void listeners.delete(handle)
    },
  }
}
