import type { Amount } from '#shared/model/units.ts'
import { least, most } from '../lib/amounts.ts'
import type { Budget } from '../session/consumer/budget.ts'
import type { ProgramRepository } from '../storage/program-repository.ts'

/** A program's budget, as its connection sees it. */
export type Spending = Budget & {
  /** What the attempt that runs has come to so far. */
  now(): Amount
}

/**
 * The budget is never exceeded, whatever happens: before an attempt uses anything of what the provider holds from
 * before, and before it promises anything, that is taken from the budget on disk. An attempt can cost no more than the
 * two together. Its end says what it came to, the greater of what was promised in it and what it cost; without an end
 * (the program was killed) it came to all that was taken.
 */
export function createSpending(repository: ProgramRepository, id: string): Spending {
  let running: { held: Amount; promised: Amount; cost: Amount } | undefined
  const now = () => {
    const { held, promised, cost } = running ?? { held: 0n, promised: 0n, cost: 0n }
    // What a provider counts beyond what it was paid for is never paid.
    const used = least(cost, held + promised)
    return most(promised, used)
  }

  return {
    now,
    begin(held) {
      if (running || !repository.reserve(id, held)) return undefined
      const attempt = { held, promised: 0n, cost: 0n }
      running = attempt
      const isOver = () => running !== attempt
      return {
        left() {
          const program = repository.find(id)
          return isOver() || !program ? 0n : program.budget - program.spent - program.reserved
        },
        take(amount) {
          if (isOver() || !repository.reserve(id, amount)) throw new Error('a promise beyond the budget')
          attempt.promised += amount
        },
        used(cost) {
          if (cost > attempt.cost) attempt.cost = cost
        },
        end() {
          if (isOver()) return
          repository.settle(id, now())
          running = undefined
        },
      }
    },
  }
}
