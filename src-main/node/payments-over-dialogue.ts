import { toWire } from '#shared/errors/myst-error.ts'
import { createDialogues } from './dialogue/dialogues.ts'
import type { Logger } from './lib/logger.ts'
import type { Market } from './market.ts'
import { createMqttChannel } from './messaging/channels/mqtt.ts'
import { createMessenger, type Messenger } from './messaging/messenger.ts'
import { createPayments, type Payments } from './payments/create-payments.ts'
import type { PromiseSharing } from './payments/promise-sharing.ts'
import type { GasAccount } from './ports/chain.ts'
import type { Channel } from './ports/channel.ts'
import type { Clock } from './ports/clock.ts'
import type { Dialogues } from './ports/dialogue.ts'
import type { UnlockedIdentity } from './ports/identity.ts'
import type { PaymentPolicy } from './protocol/payment.ts'
import type { LedgerRepository } from './storage/ledger-repository.ts'

/** How an identity speaks with others and pays them, before there is anything to buy or to sell. */
export type PaymentsOverDialogue = {
  /** To the broker; the caller starts it. */
  readonly channel: Channel
  readonly messenger: Messenger
  readonly dialogues: Dialogues
  readonly payments: Payments
  /** Compares given promises with the chain; a chain that does not answer is asked again later. */
  reconcile(): Promise<void>
  stop(): Promise<void>
}

export function createPaymentsOverDialogue(
  deps: { market: Market; ledger: LedgerRepository; clock: Clock; log: Logger },
  own: {
    identity: UnlockedIdentity
    gas: GasAccount
    policy: () => PaymentPolicy
    /** What other providers tell of issuers; without it only one's own promises count. */
    sharing?: PromiseSharing
  },
): PaymentsOverDialogue {
  const { market, ledger, clock, log } = deps
  const { identity, gas, policy, sharing } = own
  const { network, chain, registry, blocks } = market

  const channel = createMqttChannel(
    { identity, chainId: chain.chainId, clock, log: log.of('mqtt') },
    { brokers: network.brokers },
  )
  const messenger = createMessenger({
    identity,
    registry,
    channels: [channel],
    chainId: chain.chainId,
    clock,
    log: log.of('messages'),
  })
  const dialogues = createDialogues({ messenger, registry, clock, log: log.of('dialogue') })
  const payments = createPayments({
    identity,
    chain: { ...chain, balanceOf: market.spendable },
    gas: () => gas,
    registry,
    ledger,
    clock,
    log: log.of('payments'),
    policy,
    conduct: {
      word: (peer) => market.proposals.conduct.word(identity.id, peer),
      saveWord: (peer, word) => market.proposals.conduct.saveWord(identity.id, peer, word),
      record: (peer, what) => market.catalogue.recordMisconduct(peer, { ...what, atMs: clock.now() }),
    },
    facts: market.facts,
    clearings: blocks.clearings,
    accounts: blocks,
    ...(sharing ? { sharing } : {}),
  })
  // A promise of ours that was cleared is no longer owed; what the provider did not take comes back.
  const reconcile = () =>
    payments.reconcile().catch((error: unknown) => log.debug(`promises wait for the chain: ${toWire(error).message}`))
  const offChain = market.follower.onChange((change) => {
    const ours =
      change.kind === 'rolled-back' || change.events.some((e) => e.name === 'Cleared' && e.issuer === identity.id)
    if (ours) void reconcile()
  })

  return {
    channel,
    messenger,
    dialogues,
    payments,
    reconcile,
    async stop() {
      offChain()
      await dialogues.stop()
      messenger.stop()
      await channel.stop()
    },
  }
}
