import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { CopiedProposal, MeteringUnit, ProposalFilter } from '#shared/model/proposal.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import type { Amount } from '#shared/model/units.ts'
import { type Connection, createConnection } from '../session/connection.ts'
import { type Attempt, endAttempt } from '../session/consumer/attempt.ts'
import type { ConnectionDeps } from '../session/consumer/context.ts'
import { budgetUsedUp } from '../session/consumer/failed.ts'
import type { Program, ProgramRepository } from '../storage/program-repository.ts'
import { createSpending, type Spending } from './spending.ts'

/** Beside the program's own; a price of its own stays the highest. */
export type Wishes = {
  provider?: IdentityId | undefined
  country?: string | undefined
  maxPricePerUnit?: Amount | undefined
  unit?: MeteringUnit | undefined
}

/** What programs do with one unlocked identity. */
export type ProgramConnections = {
  /** Starts trying; throws `BudgetUsedUp`, `NoProposal`, `ProvidersInUse`, `AlreadyConnected`. */
  connect(program: Program, wishes: Wishes): void
  disconnect(id: string): Promise<void>
  state(id: string): ConnectionState
  /** By the session that runs, beyond what sessions before have spent. */
  spentNow(id: string): Amount
  /** Resolves when no program uses this provider any more; who did goes on with another. */
  giveUp(provider: IdentityId): Promise<void>
  onChange(handle: () => void): void
  /** Ends all of them. */
  stop(): Promise<void>
}

type Running = { connection: Connection; spending: Spending; attempt?: { attempt: Attempt; over: Promise<void> } }

const TAKEN_OVER = 'You have connected to this provider yourself.'

/** Connections of SOCKS only, which no guard of the whole machine belongs to; each with a budget. */
export function createProgramConnections(
  deps: {
    repository: ProgramRepository
    /** Of one connection; only SOCKS is among its service types. */
    connection: () => ConnectionDeps
    candidates: (filter: ProposalFilter) => CopiedProposal[]
    isFree: (provider: IdentityId) => boolean
  },
  options: { maxAtRisk: Amount },
): ProgramConnections {
  const { repository, isFree } = deps
  const running = new Map<string, Running>()
  const listeners = new Set<() => void>()

  function runningOf(id: string): Running {
    const known = running.get(id)
    if (known) return known
    const connection = createConnection(deps.connection(), options)
    connection.onChange(() => {
      for (const handle of [...listeners]) handle()
    })
    const one: Running = { connection, spending: createSpending(repository, id) }
    running.set(id, one)
    return one
  }

  return {
    connect(program, wishes) {
      const { connection, spending } = runningOf(program.id)
      // Who is connected hears of that from the connection itself.
      const isIdle = connection.state.name === 'disconnected'
      if (isIdle && program.budget <= program.spent) throw budgetUsedUp()
      const filter = filterOf(program, wishes)
      const all = () => deps.candidates(filter)
      const free = () => all().filter(({ provider }) => isFree(provider))
      const candidates = free()
      if (isIdle && candidates.length === 0 && all().length > 0) {
        throw new MystError('ProvidersInUse', 'Every provider that fits has a connection with you already.')
      }
      connection.connect(candidates, {
        ...{ filter, budget: spending, socksPort: program.socksPort, program: program.name },
        candidates: free,
        onAttempt(attempt) {
          const over = new Promise<void>((resolve) => {
            attempt.onOver = resolve
          })
          const one = running.get(program.id)
          if (one) one.attempt = { attempt, over }
        },
      })
    },
    async disconnect(id) {
      await running.get(id)?.connection.disconnect()
    },
    state: (id) => running.get(id)?.connection.state ?? { name: 'disconnected' },
    spentNow: (id) => running.get(id)?.spending.now() ?? 0n,
    async giveUp(provider) {
      const users = [...running.values()].flatMap(({ connection, attempt }) =>
        'proposal' in connection.state && attempt?.attempt.proposal.provider === provider ? [attempt] : [],
      )
      for (const { attempt } of users) endAttempt(attempt, { end: 'consumer-closed', message: TAKEN_OVER })
      await Promise.all(users.map(({ over }) => over))
    },
    onChange: (handle) => void listeners.add(handle),
    async stop() {
      await Promise.all([...running.values()].map(({ connection }) => connection.disconnect('shutdown')))
    },
  }
}

/** What fits a program; only SOCKS does. */
export function filterOf(program: Program, wishes: Wishes): ProposalFilter {
  const prices = [program.maxPricePerUnit, wishes.maxPricePerUnit].filter((price) => price !== undefined)
  const [first, second = first] = prices
  const lowest = first !== undefined && second !== undefined && second < first ? second : first
  return {
    serviceType: 'socks',
    provider: wishes.provider,
    country: wishes.country ?? program.country,
    unit: wishes.unit ?? program.unit,
    ...(lowest === undefined ? {} : { maxPricePerUnit: lowest }),
  }
}
