import type { IdentityId } from '#shared/model/identity.ts'
import type { RecordContent } from '#shared/model/signed-record.ts'

/** What these two sign of a session of a minute. */
export function recordBetween(provider: IdentityId, consumer: IdentityId): RecordContent {
  return {
    ...{ chainId: 31_337, paymentAccounts: `0x${'44'.repeat(20)}`, sessionId: 'ab'.repeat(16) },
    ...{ provider, consumer, serviceType: 'openvpn', offerSerial: 7 },
    ...{ unit: 'GiB', pricePerUnit: 10n ** 18n, startedAtMs: 1_000, endedAtMs: 61_000, end: 'consumer-closed' },
    ...{ durationMs: 60_000, bytesUp: 5n, bytesDown: 2n ** 40n, cost: 2n ** 70n },
    ...{ promiseSerial: 1_700_000_000_000n, promiseAmount: 2n ** 71n },
  }
}
