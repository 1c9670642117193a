import type { RiskView } from '#shared/contract/answers.ts'
import type { ClearingPolicy } from '#shared/contract/clearing-policy.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Logger } from '../lib/logger.ts'
import type { Change } from '../ports/chain-follower.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dialogues } from '../ports/dialogue.ts'
import type { Registry } from '../ports/identity.ts'
import type { ChainRepository } from '../storage/chain-repository.ts'
import type { ClearingPolicyRepository } from '../storage/clearing-policy-repository.ts'
import type { LedgerRepository } from '../storage/ledger-repository.ts'
import { DEFAULT_CLEARING, worthClearing } from './clearing-policy.ts'
import { createClearingSchedule } from './clearing-schedule.ts'
import type { Payments } from './create-payments.ts'
import type { ChainFacts } from './deps.ts'
import { createPromiseRounds, type Provider } from './promise-rounds.ts'
import type { PromiseSharing } from './promise-sharing.ts'
import { createRiskDesk } from './risk-desk.ts'

/** A price of gas is shown for so long before it is asked for again. */
const GAS_CACHED_MS = 30_000
/** Many promises may come in within a moment, and who looks reads once a second. */
const MOVED_MS = 1_000

/** What one identity does about the risk of promises (whitepaper 6.5.6): it looks, asks others, and clears in time. */
export type Risk = {
  setPolicy(policy: ClearingPolicy): void
  /**
   * Every issuer that owes something here, and these peers whether or not they do. Without an answer of the chain the
   * gas is what was known last.
   */
  views(peers?: readonly IdentityId[]): Promise<RiskView[]>
  stop(): void
}

/** The person's policy, or what holds before there is one. */
export function policyOf(policies: ClearingPolicyRepository): ClearingPolicy {
  return policies.load() ?? DEFAULT_CLEARING
}

export function createRisk(deps: {
  self: IdentityId
  payments: Payments
  sharing: PromiseSharing
  ledger: LedgerRepository
  accounts: Pick<ChainRepository, 'balanceOf' | 'withdrawalOf' | 'clearings'>
  facts: Pick<ChainFacts, 'cleared' | 'isCurrent'>
  registry: Registry
  policies: ClearingPolicyRepository
  maximumPromise: () => Amount
  /** Wei that one clearing costs now, and whether the gas account can pay for one. May throw. */
  clearingGas: () => Promise<bigint>
  canPay: () => Promise<boolean>
  onChange: (handle: (change: Change) => void) => () => void
  dialogues: Pick<Dialogues, 'open'>
  providers: () => readonly Provider[]
  find: (provider: IdentityId) => Provider | undefined
  mayOpen: (peer: IdentityId) => boolean
  isSharing: () => boolean
  /** `views` could answer differently than before; a second after the first of several changes. */
  onMoved: () => void
  clock: Clock
  log: Logger
  random?: () => number
}): Risk {
  const { self, payments, sharing, ledger, accounts, registry, policies, clock, log } = deps
  const policy = () => policyOf(policies)
  let gas = { wei: 0n, atMs: Number.NEGATIVE_INFINITY }

  async function clearingGas(): Promise<bigint> {
    if (clock.now() - gas.atMs < GAS_CACHED_MS) return gas.wei
    gas = { wei: await deps.clearingGas(), atMs: clock.now() }
    return gas.wei
  }

  const desk = createRiskDesk({
    ...{ self, ledger, accounts, registry, policy, clock },
    facts: deps.facts,
    maximumPromise: deps.maximumPromise,
    exposure: payments.exposure,
    outstandingElsewhere: sharing.outstandingElsewhere,
  })
  const schedule = createClearingSchedule({
    ...{ self, desk, clock, log },
    clear: (peers) => payments.clear(peers),
    align: payments.align,
    canPay: deps.canPay,
  })
  const rounds = createPromiseRounds({
    ...{ self, sharing, ledger, accounts, clock, log },
    dialogues: deps.dialogues,
    dialogueWith: payments.dialogueWith,
    mayOpen: deps.mayOpen,
    providers: deps.providers,
    find: deps.find,
    isOn: deps.isSharing,
    tellFrom: () => worthClearing(policy()),
    ...(deps.random ? { random: deps.random } : {}),
  })
  let cancelMoved: (() => void) | undefined
  const moved = () => {
    cancelMoved ??= clock.after(MOVED_MS, () => {
      cancelMoved = undefined
      deps.onMoved()
    })
  }
  const unsubscribes = [
    deps.onChange((change) => {
      schedule.chainChanged(change)
      if (change.kind === 'rolled-back' || change.events.length > 0) moved()
    }),
    sharing.onLearned(() => {
      schedule.look()
      moved()
    }),
    payments.onChange(() => {
      schedule.look()
      rounds.look()
      moved()
    }),
    () => cancelMoved?.(),
  ]

  return {
    setPolicy(next) {
      policies.save(next)
      schedule.look()
      moved()
    },
    async views(peers = []) {
      const wei = await clearingGas().catch(() => gas.wei)
      return desk.views(wei, peers)
    },
    stop() {
      for (const unsubscribe of unsubscribes) unsubscribe()
      schedule.stop()
      rounds.stop()
    },
  }
}
