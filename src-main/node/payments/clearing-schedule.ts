import type { ClearResult } from '#shared/contract/answers.ts'
import type { IdentityId } from '#shared/model/identity.ts'

import type { Logger } from '../lib/logger.ts'
import type { Change } from '../ports/chain-follower.ts'
import type { Clock } from '../ports/clock.ts'
import type { RiskDesk } from './risk-desk.ts'

/** Nothing is decided before the copy of the chain had time to catch up, nor while a short command runs. */
const BEGIN_MS = 10_000
/** How often age and retries are looked at; everything else comes as an event. */
const LOOK_MS = 60_000
/** After a failure an issuer is left alone for so long, then for twice as long, up to the most. */
const FIRST_RETRY_MS = 60_000
const MOST_RETRY_MS = 900_000
/** A reorganisation is over by then, and what it took with it may be cleared once more. */
const AFTER_REORGANISATION_MS = 660_000

export type ClearingSchedule = {
  /** Something may be due: a promise came in, others told of an issuer, the policy is another. */
  look(): void
  /** For the follower: what the copy of the chain has learned. */
  chainChanged(change: Change): void
  /** Starts nothing any more; what is under way is found again by the next start. */
  stop(): void
}

/**
 * Clears without being asked (whitepaper 6.5.6): when something may be due it asks the desk, and gives everything
 * that is due into one clearing. One runs at a time. What fails is left alone for a while; an issuer without
 * cover is not due before its account holds enough, which comes with its next deposit.
 */
export function createClearingSchedule(deps: {
  self: IdentityId
  desk: Pick<RiskDesk, 'issuers' | 'isDue' | 'cleared'>
  clear: (peers: readonly IdentityId[]) => Promise<ClearResult[]>
  /** Compares promises of these issuers with the chain; all that were cleared lately when none is named. */
  align: (issuers?: readonly IdentityId[]) => Promise<void>
  /** Whether the gas account can pay for a clearing now. */
  canPay: () => Promise<boolean>
  clock: Clock
  log: Logger
}): ClearingSchedule {
  const { self, desk, clock, log } = deps
  const retries = new Map<IdentityId, { atMs: number; delayMs: number }>()
  const cancels = new Set<() => void>()
  let running: Promise<void> | undefined
  let wanted = false
  let begun = false
  let poorUntilMs = 0
  let stopped = false

  const due = () =>
    desk.issuers().filter((issuer) => (retries.get(issuer)?.atMs ?? 0) <= clock.now() && desk.isDue(issuer))

  async function run(): Promise<void> {
    while (wanted && !stopped) {
      wanted = false
      if (clock.now() < poorUntilMs) continue
      const issuers = due()
      if (issuers.length === 0) continue
      if (!(await canPay())) {
        poorUntilMs = clock.now() + LOOK_MS
        continue
      }
      if (stopped) return
      const results = await deps.clear(issuers)
      for (const issuer of issuers) conclude(issuer, results)
      // What came in meanwhile may be due too.
      wanted = true
    }
  }

  async function canPay(): Promise<boolean> {
    try {
      if (await deps.canPay()) return true
      log.warn('promises are due, but the gas account cannot pay for clearing them; send some ether to it')
    } catch (error) {
      log.debug(`clearing waits for the chain: ${String(error)}`)
    }
    return false
  }

  function conclude(issuer: IdentityId, results: readonly ClearResult[]): void {
    const own = results.filter(({ peer }) => peer === issuer)
    if (own.some(({ message }) => message === undefined)) desk.cleared(issuer)
    const failure = own.find(({ message }) => message !== undefined)
    if (own.length > 0 && !failure) {
      retries.delete(issuer)
      return
    }
    const delayMs = Math.min((retries.get(issuer)?.delayMs ?? FIRST_RETRY_MS / 2) * 2, MOST_RETRY_MS)
    retries.set(issuer, { atMs: clock.now() + delayMs, delayMs })
    if (failure) log.info(`what ${issuer} promised is tried again in ${delayMs / 1000} s: ${failure.message}`)
  }

  function look(): void {
    wanted = true
    if (running || stopped || !begun) return
    running = Promise.resolve()
      .then(run)
      .catch((error: unknown) => {
        if (!stopped) log.error(`clearing failed: ${error instanceof Error ? error.message : String(error)}`)
      })
      .finally(() => {
        running = undefined
        if (wanted) look()
      })
  }

  function align(issuers?: readonly IdentityId[]): void {
    deps
      .align(issuers)
      .then(look)
      .catch((error: unknown) => log.debug(`promises wait for the chain: ${String(error)}`))
  }

  cancels.add(clock.every(LOOK_MS, look))
  cancels.add(
    clock.after(BEGIN_MS, () => {
      begun = true
      look()
    }),
  )

  return {
    look,
    chainChanged(change) {
      if (change.kind === 'rolled-back') {
        const cancel = clock.after(AFTER_REORGANISATION_MS, () => {
          cancels.delete(cancel)
          align()
        })
        cancels.add(cancel)
        return
      }
      const clearedToUs: IdentityId[] = []
      for (const event of change.events) {
        if (event.name === 'Deposited' || event.name === 'WithdrawalAnnounced') retries.delete(event.identity)
        if (event.name === 'Cleared' && event.benefiter === self) clearedToUs.push(event.issuer)
      }
      // Anybody who saw both signatures can have it cleared, and then nobody told us.
      if (clearedToUs.length > 0) align(clearedToUs)
      if (change.events.some(({ name }) => name !== 'Registered' && name !== 'Announced')) look()
    },
    stop() {
      stopped = true
      for (const cancel of cancels) cancel()
    },
  }
}
