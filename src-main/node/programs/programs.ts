import { randomBytes } from 'node:crypto'
import type { ProposalView } from '#shared/contract/answers.ts'
import type { Handlers } from '#shared/contract/commands.ts'
import { MAX_PROGRAMS, type ProgramView } from '#shared/contract/programs.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { ProposalFilter } from '#shared/model/proposal.ts'
import type { Clock } from '../ports/clock.ts'
import type { Program, ProgramRepository } from '../storage/program-repository.ts'
import { filterOf, type ProgramConnections, type Wishes } from './connections.ts'
import { newKey, whose } from './keys.ts'

/** From here on a program gets the first port that no other has: above the API's, below those of outgoing connections. */
const FIRST_PORT = 14_101
/** How exactly the last use of a key is told; it is on disk, and a program may ask often. */
const USED_EVERY_MS = 60_000

/** Offers of one's own among what is queried. */
const MAX_OWN = 16

type Command = Extract<keyof Handlers, `programs.${string}`>

/** The programs of this node, and what they do while an identity is unlocked. */
export type Programs = {
  readonly handlers: Pick<Handlers, Command>
  views(): ProgramView[]
  /** Whose key it is, as things are now. */
  byKey(key: string): ProgramView | undefined
  /** What it can choose from, the best first. */
  proposals(id: string, wishes: Wishes, limit: number): ProposalView[]
  /** As `programs.connect`, with other wishes than its own where they are given. */
  connect(id: string, wishes: Wishes): Promise<void>
  /** What connections are made with while an identity is unlocked. */
  use(connections: ProgramConnections | undefined): void
  onChange(handle: () => void): () => void
}

export function createPrograms(deps: {
  repository: ProgramRepository
  clock: Clock
  /** Both throw what a person has to do first. */
  needConnections: () => ProgramConnections
  query: (filter: ProposalFilter) => ProposalView[]
}): Programs {
  const { repository, clock, needConnections, query } = deps
  const listeners = new Set<() => void>()
  let connections: ProgramConnections | undefined
  repository.settleOrphans()

  const changed = () => {
    for (const handle of [...listeners]) handle()
  }
  const need = (id: string): Program => {
    const program = repository.find(id)
    if (!program) throw new MystError('ProgramUnknown', 'There is no such program.')
    return program
  }
  const mayHavePort = (port: number, id?: string) => {
    if (!repository.all().some((other) => other.socksPort === port && other.id !== id)) return
    throw new MystError('SocksPortTaken', `Another program has the port ${port}; choose another one.`)
  }
  const freePort = () => {
    const taken = new Set(repository.all().map(({ socksPort }) => socksPort))
    let port = FIRST_PORT
    while (taken.has(port)) port++
    return port
  }
  const view = ({ keyHash: _hash, spent, reserved: _reserved, ...program }: Program): ProgramView => ({
    ...program,
    spent: spent + (connections?.spentNow(program.id) ?? 0n),
    connection: connections?.state(program.id) ?? { name: 'disconnected' },
  })

  async function connect(id: string, wishes: Wishes) {
    needConnections().connect(need(id), wishes)
  }

  const handlers: Programs['handlers'] = {
    async 'programs.add'({ name, budget, socksPort, ...wishes }) {
      const before = repository.all()
      if (before.length >= MAX_PROGRAMS) {
        throw new MystError('TooManyPrograms', `There are ${MAX_PROGRAMS} programs already; remove one first.`)
      }
      const port = socksPort ?? freePort()
      mayHavePort(port)
      const id = randomBytes(8).toString('hex')
      // Each later than the one before, so that their order is that in which they came.
      const createdAtMs = Math.max(clock.now(), (before.at(-1)?.createdAtMs ?? 0) + 1)
      repository.add({ id, name, budget, socksPort: port, createdAtMs })
      repository.change(id, wishes)
      changed()
      return { id }
    },
    async 'programs.change'({ id, ...terms }) {
      need(id)
      if (terms.socksPort !== undefined) mayHavePort(terms.socksPort, id)
      repository.change(id, terms)
      changed()
      return null
    },
    async 'programs.remove'({ id }) {
      need(id)
      // Its key is of no use from here on, whatever its connection does.
      repository.setKey(id, undefined)
      await connections?.disconnect(id)
      repository.remove(id)
      changed()
      return null
    },
    async 'programs.newKey'({ id }) {
      need(id)
      const { key, ...kept } = newKey()
      repository.setKey(id, kept)
      changed()
      return { key }
    },
    async 'programs.dropKey'({ id }) {
      need(id)
      repository.setKey(id, undefined)
      changed()
      return null
    },
    async 'programs.connect'({ id }) {
      await connect(id, {})
      return null
    },
    async 'programs.disconnect'({ id }) {
      need(id)
      await connections?.disconnect(id)
      return null
    },
  }

  return {
    handlers,
    views: () => repository.all().map(view),
    byKey(key) {
      const found = whose(key, repository.all())
      if (!found) return undefined
      const nowMs = clock.now()
      if (nowMs - (found.lastUsedAtMs ?? 0) >= USED_EVERY_MS) {
        repository.used(found.id, nowMs)
        found.lastUsedAtMs = nowMs
        changed()
      }
      return view(found)
    },
    proposals: (id, wishes, limit) =>
      query({ ...filterOf(need(id), wishes), limit: limit + MAX_OWN })
        .filter(({ own }) => !own)
        .slice(0, limit),
    connect,
    use(next) {
      connections = next
      next?.onChange(changed)
      changed()
    },
    onChange(handle) {
      listeners.add(handle)
      return () => void listeners.delete(handle)
    },
  }
}
