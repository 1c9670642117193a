import { MystError } from '#shared/errors/myst-error.ts'
import type { ProposalFilter } from '#shared/model/proposal.ts'
import type { Amount } from '#shared/model/units.ts'
import { controlEndpointsOf } from './control-endpoints.ts'
import type { Logger } from './lib/logger.ts'
import type { Market } from './market.ts'
import type { Payments } from './payments/create-payments.ts'
import type { Clock } from './ports/clock.ts'
import type { ServiceType } from './ports/service-type.ts'
import { createProgramConnections, type ProgramConnections } from './programs/connections.ts'
import type { SharedDialogues } from './programs/shared-dialogues.ts'
import { createConnection } from './session/connection.ts'
import type { ConnectionDeps, ConnectOptions } from './session/consumer/context.ts'
import { fetchDirectly } from './session/consumer/probe.ts'
import type { Records } from './session/records.ts'
import type { StateTree } from './state-tree.ts'
import type { ProgramRepository } from './storage/program-repository.ts'
import type { SessionRepository } from './storage/session-repository.ts'

/** What one unlocked identity buys: the person's connection, and one for each program that wants it. */
export type Buying = {
  readonly programs: ProgramConnections
  /** Tries what matches, best first, until one works; `state.connection` tells how it goes. */
  connect(filter: ProposalFilter, how?: Pick<ConnectOptions, 'socksPort' | 'instead'>): Promise<void>
  disconnect(): Promise<void>
  /** A setting raised or opened the guard: `state.connection` says so, unless there is a connection. */
  restate(): void
  /** Ends everything. Never rejects. */
  stop(): Promise<void>
}

export function createBuying(
  deps: {
    market: Market
    state: StateTree
    serviceTypes: readonly ServiceType[]
    clock: Clock
    log: Logger
    sessions: SessionRepository
    records: Records
    payments: Payments
    dialogues: SharedDialogues
    serve: NonNullable<ConnectionDeps['serve']>
  },
  own: { programs: ProgramRepository; maxAtRisk: Amount },
): Buying {
  const { market, state, serviceTypes, clock, log, sessions, records, payments, dialogues, serve } = deps
  const { network, catalogue } = market
  const { maxAtRisk } = own

  const connectionWith = (
    given: Pick<ConnectionDeps, 'dialogues' | 'serviceTypes' | 'log' | 'fetchDirectly'>,
  ): ConnectionDeps => ({
    ...given,
    ...{ payments, catalogue, clock, records, serve },
    probes: network.probes,
    get checks() {
      // Who is asked through the tunnel, whomever the network file names: so that one is to answer.
      const { resolver: chosen } = state.get().settings
      const resolver = chosen === 'default' ? network.resolver : chosen
      return {
        ...(network.transferProbe === undefined ? {} : { transfer: network.transferProbe }),
        ...(resolver === undefined ? {} : { resolver, isOwnResolver: chosen !== 'default' }),
      }
    },
    controlEndpoints: controlEndpointsOf(network),
    repository: sessions,
  })
  const connection = createConnection(
    connectionWith({ dialogues: dialogues.own, serviceTypes, log: log.of('connection') }),
    { maxAtRisk },
  )
  connection.onChange((next) => state.set({ connection: next }))
  const programs = createProgramConnections(
    {
      repository: own.programs,
      connection: () =>
        connectionWith({
          dialogues: dialogues.others,
          // Without what could open the guard of the whole machine.
          serviceTypes: serviceTypes.filter(({ guard }) => !guard),
          log: log.of('programs'),
          // Behind the person's tunnel nobody sees this machine's own address, and hers may be the program's exit, too.
          fetchDirectly: (url, signal) =>
            serviceTypes.some(({ guard }) => guard?.stands)
              ? Promise.reject(new Error('everything goes through a tunnel'))
              : fetchDirectly(url, signal),
        }),
      candidates: catalogue.candidates,
      isFree: dialogues.isFree,
    },
    { maxAtRisk },
  )

  const needRegistration = () => {
    if (state.get().identity.registration === 'registered') return
    throw new MystError(
      'NotRegistered',
      'Register the identity first; providers accept messages from registered identities only.',
    )
  }

  return {
    programs: {
      ...programs,
      connect(program, wishes) {
        needRegistration()
        if (state.get().connection.name === 'blocked') {
          const sentence = 'Restore the internet first: a proxy cannot be reached while it is blocked.'
          throw new MystError('NetworkBlocked', sentence)
        }
        programs.connect(program, wishes)
      },
    },
    async connect(filter, how = {}) {
      needRegistration()
      const candidates = () => catalogue.candidates(filter)
      connection.connect(candidates(), { ...how, filter, candidates })
    },
    disconnect: () => connection.disconnect(),
    restate: () => connection.restate(),
    async stop() {
      await programs.stop()
      // What cannot be opened stays blocked, and the next start says so.
      await connection.disconnect('shutdown').catch((error: unknown) => log.error(String(error)))
    },
  }
}
