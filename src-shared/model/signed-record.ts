import { z } from 'zod'
import { identityId } from './identity.ts'
import { SESSION_ENDS } from './session-end.ts'

const decimal = z
  .string()
  .regex(/^(0|[1-9]\d{0,38})$/)
  .transform(BigInt)
const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/**
 * What both sides of a session sign (EIP-712, `lib/session-record.ts`): everything about it, but for where the traffic
 * went and from where. Strict, so that nothing unsigned can be put beside it.
 */
const recordContent = z.strictObject({
  /** The network: these two are the domain that is signed for. */
  chainId: z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
  paymentAccounts: identityId,
  sessionId: z.string().regex(/^[0-9a-f]{32}$/),
  provider: identityId,
  consumer: identityId,
  serviceType: z.enum(['openvpn', 'socks']),
  offerSerial: whole,
  unit: z.enum(['GiB', 'hour']),
  pricePerUnit: decimal,
  /** By the provider's clock, or by the consumer's where it signed alone. A session that runs has ended so far. */
  startedAtMs: whole,
  endedAtMs: whole,
  end: z.enum(['running', ...SESSION_ENDS]),
  durationMs: whole,
  bytesUp: decimal,
  bytesDown: decimal,
  cost: decimal,
  /** The last promise of the consumer that the provider holds; both 0: none. */
  promiseSerial: decimal,
  promiseAmount: decimal,
})
export type RecordContent = z.output<typeof recordContent>

const signature = z
  .string()
  .regex(/^0x[0-9a-f]{130}$/)
  .transform((text) => text as `0x${string}`)

/** As it is kept and exported: numbers that may be large are decimal texts. */
export const signedRecord = z.strictObject({
  content: recordContent,
  providerSignature: signature.optional(),
  consumerSignature: signature.optional(),
})
export type SignedRecord = z.output<typeof signedRecord>
