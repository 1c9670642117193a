import type { z } from 'zod'
import type { ProgramView } from '#shared/contract/programs.ts'
import { firstProblem } from '#shared/errors/first-problem.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import { formatMyst } from '#shared/model/units.ts'
import type { Programs } from '../../node/create-node.ts'
import * as schemas from './schemas.ts'

/** What a route works with: the program that asks, and what it may be told of. */
export type Asker = {
  programs: Programs
  view: ProgramView
  query: unknown
  body: unknown
  /** The program as it is once its connection is settled, or when the signal aborts; throws once its key is none. */
  settled(timeoutMs: number): Promise<ProgramView>
}

export type Route = {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  summary: string
  /** The identity need not be unlocked. */
  isForLocked?: boolean
  query?: z.ZodObject
  body?: z.ZodObject
  success: { status: number; schema?: z.ZodType }
  /** Beyond what every route may answer. */
  failures: readonly number[]
  answer(asker: Asker): Promise<unknown>
}

/** Ties the schemas to what `answer` gets. */
const parse = <Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> => {
  const { data, error } = schema.safeParse(input)
  if (!error) return data
  throw new MystError('InvalidInput', `${firstProblem(error, 'The request')}.`)
}

export const ROUTES: readonly Route[] = [
  {
    ...{ method: 'GET', path: '/v1/program', summary: 'What the program may spend, and has spent.', isForLocked: true },
    success: { status: 200, schema: schemas.program },
    failures: [],
    answer: async ({ view }) => ({
      name: view.name,
      budgetMyst: formatMyst(view.budget),
      spentMyst: formatMyst(view.spent),
      leftMyst: formatMyst(view.budget > view.spent ? view.budget - view.spent : 0n),
      socksPort: view.socksPort,
    }),
  },
  {
    ...{ method: 'GET', path: '/v1/proposals', summary: 'What it can choose from.' },
    query: schemas.proposalsQuery,
    success: { status: 200, schema: schemas.proposals },
    failures: [422, 423, 503],
    async answer({ programs, view, query }) {
      const { country, maxPrice, limit } = parse(schemas.proposalsQuery, query)
      const found = programs.proposals(view.id, { country, maxPricePerUnit: maxPrice }, limit)
      return {
        proposals: found.map((proposal) => ({
          provider: proposal.provider,
          country: proposal.serviceLocation.country,
          unit: proposal.unit,
          pricePerUnitMyst: formatMyst(proposal.pricePerUnit),
          bandwidthMbps: proposal.bandwidthMbps,
        })),
      }
    },
  },
  {
    ...{ method: 'POST', path: '/v1/connection', summary: 'Starts connecting, to the best offer that fits.' },
    body: schemas.connectBody,
    success: { status: 202, schema: schemas.connection },
    failures: [402, 404, 409, 413, 422, 423, 503],
    async answer({ programs, view, body }) {
      const { provider, ...wishes } = parse(schemas.connectBody, body)
      await programs.connect(view.id, { ...wishes, provider: provider as IdentityId | undefined })
      const now = programs.views().find(({ id }) => id === view.id)
      return describe(now ?? view)
    },
  },
  {
    ...{ method: 'GET', path: '/v1/connection', summary: 'How it is connected.' },
    query: schemas.connectionQuery,
    success: { status: 200, schema: schemas.connection },
    failures: [422, 423],
    async answer({ view, query, settled }) {
      const { until, timeoutS } = parse(schemas.connectionQuery, query)
      return describe(until === undefined ? view : await settled(timeoutS * 1_000))
    },
  },
  {
    ...{ method: 'DELETE', path: '/v1/connection', summary: 'Ends it; answers once everything is taken down.' },
    success: { status: 204 },
    failures: [423],
    async answer({ programs, view }) {
      await programs.handlers['programs.disconnect']({ id: view.id })
    },
  },
]

export const isSettled = ({ name }: ConnectionState) => name === 'connected' || name === 'disconnected'

function describe({ connection, socksPort }: ProgramView): schemas.ConnectionAnswer {
  switch (connection.name) {
    // A program's connection has no guard, so it is never blocked.
    case 'blocked':
    case 'disconnected': {
      const last = connection.name === 'disconnected' ? connection.last : undefined
      return { state: 'disconnected', message: last?.message, end: last?.end }
    }
    case 'connecting':
    case 'reconnecting':
      return {
        state: connection.name,
        ...of(connection.proposal),
        step: connection.step,
        ...(connection.name === 'reconnecting' ? { message: connection.lost } : {}),
      }
    case 'disconnecting':
      return { state: connection.name, ...of(connection.proposal) }
    case 'connected': {
      const { live, proposal } = connection
      return {
        state: connection.name,
        ...of(proposal),
        ...(live.exit ? { exit: { address: live.exit.address } } : {}),
        startedAt: new Date(live.startedAtMs).toISOString(),
        bytesUp: Number(live.bytesUp),
        bytesDown: Number(live.bytesDown),
        costMyst: formatMyst(live.metered.cost),
        proxy: `socks5h://127.0.0.1:${live.socksPort ?? socksPort}`,
      }
    }
  }
}

const of = ({ provider, serviceLocation }: { provider: string; serviceLocation: { country: string } }) => ({
  provider,
  country: serviceLocation.country,
})
