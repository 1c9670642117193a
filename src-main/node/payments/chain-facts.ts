import type { IdentityId } from '#shared/model/identity.ts'
import type { Amount } from '#shared/model/units.ts'
import { most, sumOf } from '../lib/amounts.ts'
import type { Chain } from '../ports/chain.ts'
import type { Follower } from '../ports/chain-follower.ts'
import type { ChainRepository } from '../storage/chain-repository.ts'
import type { ChainFacts } from './deps.ts'

/** What comes within that is worth waiting for; whoever asked is waiting too. */
const LOOK_MS = 3_000
/** Clearings of an issuer that count; older ones would not change anybody's mind. */
const HISTORY = 1_000

/** The facts of a node's own copy of the chain. */
export function createChainFacts(deps: {
  chain: Pick<Chain, 'head'>
  follower: Pick<Follower, 'isCurrent' | 'reached' | 'onChange'>
  accounts: Pick<ChainRepository, 'balanceOf' | 'withdrawalOf' | 'lastClearedSerial' | 'clearings'>
}): ChainFacts {
  const { chain, follower, accounts } = deps
  // Asked for with every promise, and another only when the copy is.
  const balances = new Map<IdentityId, Amount>()
  const serials = new Map<string, bigint>()
  const histories = new Map<string, { toBenefiter: Amount; inAll: Amount }>()
  follower.onChange(() => {
    for (const known of [balances, serials, histories]) known.clear()
  })
  let looking: Promise<void> | undefined

  function history(issuer: IdentityId, benefiter: IdentityId) {
    const clearings = accounts.clearings(issuer, HISTORY)
    return { toBenefiter: sumOf(clearings.filter((one) => one.benefiter === benefiter)), inAll: sumOf(clearings) }
  }

  async function look(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    const head = await Promise.race([chain.head(), aborted])
    await follower.reached(head.number, signal)
  }

  return {
    isCurrent: () => follower.isCurrent(),
    balanceOf: (id) =>
      remembered(balances, id, () => most(accounts.balanceOf(id) - (accounts.withdrawalOf(id)?.amount ?? 0n), 0n)),
    lastClearedSerial: (issuer, benefiter) =>
      remembered(serials, `${issuer} ${benefiter}`, () => accounts.lastClearedSerial(issuer, benefiter)),
    cleared: (issuer, benefiter) => remembered(histories, `${issuer} ${benefiter}`, () => history(issuer, benefiter)),
    catchUp() {
      // Who asks while somebody looks gets the same answer: many bad promises are one question to the chain.
      looking ??= look(AbortSignal.timeout(LOOK_MS))
        .catch(() => undefined)
        .finally(() => {
          looking = undefined
        })
      return looking
    },
  }
}

function remembered<Value>(known: Map<string, Value>, key: string, read: () => Value): Value {
  const value = known.get(key) ?? read()
  known.set(key, value)
  return value
}
