import type { IdentityId } from '#shared/model/identity.ts'
import type { Proposal } from '#shared/model/proposal.ts'
import type { Metering } from '#shared/model/session.ts'
import type { RecordContent, SignedRecord } from '#shared/model/signed-record.ts'

import { isRecordSignedBy, recordTypedData } from '../lib/session-record.ts'
import type { LastPromise } from '../payments/deps.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import type { SessionRepository } from '../storage/session-repository.ts'

type Hex = `0x${string}`

/** What is signed of sessions; everything is on disk when a call returns, so before anything is sent. */
export type Records = {
  readonly own: IdentityId
  /** What there is to sign of a session at one moment. */
  describe(
    session: { id: string; proposal: Proposal; consumer: IdentityId },
    moment: Pick<RecordContent, 'startedAtMs' | 'endedAtMs' | 'end'> & { metering: Metering; promise: LastPromise },
  ): RecordContent
  /** Signs what the other side has not signed, or not yet. */
  sign(content: RecordContent): Hex
  /** The consumer's: signs what the provider has signed; undefined, and nothing kept, when that is not its signature. */
  countersign(content: RecordContent, signature: Hex): Hex | undefined
  /** The provider's: takes the consumer's signature under what was sent to it last; undefined: it is not under that. */
  complete(consumer: IdentityId, sessionId: string, signature: Hex): SignedRecord | undefined
}

export function createRecords(deps: {
  identity: UnlockedIdentity
  network: Pick<RecordContent, 'chainId' | 'paymentAccounts'>
  repository: Pick<SessionRepository, 'keepSigned' | 'signedAlone'>
}): Records {
  const { identity, network, repository } = deps
  const signatureUnder = (content: RecordContent) => identity.signTypedData(recordTypedData(content))

  return {
    own: identity.id,
    describe({ id, proposal, consumer }, { metering, promise, ...moment }) {
      const { provider, serviceType, serial, unit, pricePerUnit } = proposal
      const { bytesUp, bytesDown, durationMs, cost } = metering
      return {
        ...network,
        ...{ sessionId: id, provider, consumer, serviceType, offerSerial: serial, unit, pricePerUnit },
        ...moment,
        ...{ durationMs, bytesUp, bytesDown, cost },
        ...{ promiseSerial: promise.serial, promiseAmount: promise.amount },
      }
    },
    sign(content) {
      const signature = signatureUnder(content)
      const own = content.provider === identity.id ? 'providerSignature' : 'consumerSignature'
      repository.keepSigned({ content, [own]: signature })
      return signature
    },
    countersign(content, providerSignature) {
      if (!isRecordSignedBy(content, providerSignature, content.provider)) return undefined
      const consumerSignature = signatureUnder(content)
      repository.keepSigned({ content, providerSignature, consumerSignature })
      return consumerSignature
    },
    complete(consumer, sessionId, consumerSignature) {
      const sent = repository.signedAlone('provider', consumer, sessionId)
      if (!sent || !isRecordSignedBy(sent.content, consumerSignature, consumer)) return undefined
      const record = { ...sent, consumerSignature }
      repository.keepSigned(record)
      return record
    },
  }
}
