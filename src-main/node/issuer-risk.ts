import type { IdentityId } from '#shared/model/identity.ts'
import type { Amount } from '#shared/model/units.ts'
import type { Logger } from './lib/logger.ts'
import type { Market } from './market.ts'
import { worthClearing } from './payments/clearing-policy.ts'
import type { Payments } from './payments/create-payments.ts'
import { createRisk, policyOf, type Risk } from './payments/create-risk.ts'
import { createPromiseSharing, type PromiseSharing } from './payments/promise-sharing.ts'
import type { GasAccount } from './ports/chain.ts'
import type { Clock } from './ports/clock.ts'
import type { Dialogues } from './ports/dialogue.ts'
import type { UnlockedIdentity } from './ports/identity.ts'
import type { Store } from './ports/store.ts'
import type { StateTree } from './state-tree.ts'
import { createClearingPolicyRepository } from './storage/clearing-policy-repository.ts'
import type { LedgerRepository } from './storage/ledger-repository.ts'
import { createSharedPromiseRepository } from './storage/shared-promise-repository.ts'
import { GAS } from './wallet/gas-use.ts'

/** Offers among which providers are chosen who are asked about issuers: those who sell most cheaply have most customers. */
const OFFERS_CONSIDERED = 500

export type IssuerRisk = {
  /** For payments: what others told counts when promises are accepted. */
  readonly sharing: PromiseSharing
  /** Begins to clear, and to ask other providers while this one shares. */
  watch(speaking: { payments: Payments; dialogues: Dialogues; maximumPromise: () => Amount }): Risk
}

/** What one identity of this node does about the risk of promises, with what it needs of the node. */
export function createIssuerRisk(
  deps: { market: Market; store: Store; ledger: LedgerRepository; state: StateTree; clock: Clock; log: Logger },
  own: { identity: UnlockedIdentity; gas: GasAccount },
): IssuerRisk {
  const { market, store, ledger, state, clock, log } = deps
  const { chain, registry, blocks, catalogue, follower } = market
  const self = own.identity.id
  const policies = createClearingPolicyRepository(store, self)
  const showPolicy = () => state.set({ wallet: { ...state.get().wallet, clearingPolicy: policyOf(policies) } })
  const isSharing = () => {
    const { state: sharing, terms } = state.get().share
    return sharing === 'on' && terms?.sharePromises !== false
  }
  showPolicy()

  const sharing = createPromiseSharing({
    ...{ self, chain, registry, ledger, accounts: blocks, clock, log: log.of('issuers') },
    shared: createSharedPromiseRepository(store),
    isOn: isSharing,
    tellFrom: () => worthClearing(policyOf(policies)),
  })

  /** A dialogue that is being opened with somebody for a connection must not be replaced by another. */
  const mayOpen = (peer: IdentityId) => {
    const { connection, programs } = state.get()
    return [connection, ...programs.map((program) => program.connection)].every(
      (one) => !('proposal' in one) || one.proposal.provider !== peer,
    )
  }

  return {
    sharing,
    watch({ payments, dialogues, maximumPromise }) {
      const risk = createRisk({
        ...{ self, payments, sharing, ledger, registry, policies, maximumPromise, dialogues, mayOpen, isSharing },
        ...{
          accounts: blocks,
          facts: market.facts,
          onChange: follower.onChange,
          clock,
          log: log.of('clearing'),
        },
        async clearingGas() {
          return (await chain.gasPrice()).now * GAS.clearNext
        },
        async canPay() {
          const [{ toBegin }, available] = await Promise.all([chain.gasPrice(), chain.gasBalanceOf(own.gas.address)])
          return available >= toBegin * GAS.clearNext
        },
        providers: () => catalogue.candidates({ limit: OFFERS_CONSIDERED }),
        find: (provider) => catalogue.candidates({ provider, limit: 1 })[0],
        onMoved() {
          const { share } = state.get()
          state.set({ share: { ...share, riskRevision: share.riskRevision + 1 } })
        },
      })
      return {
        ...risk,
        setPolicy(policy) {
          risk.setPolicy(policy)
          showPolicy()
        },
      }
    },
  }
}
