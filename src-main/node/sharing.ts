import { join } from 'node:path'
import type { Reach, ShareState, ShareTerms } from '#shared/contract/state.ts'
import { MystError, toWire } from '#shared/errors/myst-error.ts'
import type { Contact, ServiceTypeName } from '#shared/model/proposal.ts'
import { offeredBandwidth, partOfTotal } from '#shared/model/share-bandwidth.ts'
import { formatMyst } from '#shared/model/units.ts'
import type { Announcer } from './discovery/announcer.ts'
import type { Logger } from './lib/logger.ts'
import type { GasAccount } from './ports/chain.ts'
import type { Dialogue } from './ports/dialogue.ts'
import type { UnlockedIdentity } from './ports/identity.ts'
import type { ServiceProvider, ServiceType } from './ports/service-type.ts'
import { announcedAddress } from './reach.ts'
import { DEFAULT_CONNECTIONS } from './services/connection-limits.ts'
import type { StateTree } from './state-tree.ts'

type Service = ShareState['services'][number]

/** What serves the sessions of the services that run; ends them all when stopped. */
export type SessionServer = { serve(dialogue: Dialogue): void; stop(): Promise<void> }

export type Sharing = {
  /**
   * Starts the chosen services, announces them, and serves sessions. A service that cannot start is
   * shown as failed while the others run; when none can, rejects with its reason. `AlreadySharing` while it is on,
   * unless these terms are meant `instead`. Resolves with `state.share.run`.
   */
  start(terms: ShareTerms, how?: { instead?: boolean | undefined }): Promise<number>
  /** Lets the peer of a dialogue that this side opened buy in it too, while anything is on offer. */
  serve(dialogue: Dialogue): void
  /** Ends every session (they are told), withdraws the offers, stops the services. `run`: only if it is still that one. */
  stop(run?: number): Promise<void>
}

export function createSharing(deps: {
  identity: UnlockedIdentity
  gas: GasAccount
  announcer: Announcer
  serviceTypes: readonly ServiceType[]
  serve: (services: ReadonlyMap<ServiceTypeName, ServiceProvider>, terms: ShareTerms) => SessionServer
  contacts: () => Contact[]
  reach: () => Promise<Reach>
  dataDir: string
  state: StateTree
  log: Logger
}): Sharing {
  const { identity, gas, announcer, serviceTypes, serve, state, log } = deps
  let running: { services: Map<ServiceTypeName, ServiceProvider>; server: SessionServer } | undefined
  let turn: Promise<unknown> = Promise.resolve()
  /** Start and stop one after the other, however fast the switch is flipped. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }
  const set = (change: Partial<ShareState>) => state.set({ share: { ...state.get().share, ...change } })
  const setService = (service: Service) => {
    const port = running?.services.get(service.type)?.port
    const others = state.get().share.services.filter(({ type }) => type !== service.type)
    set({ services: [...others, { ...service, ...(port && { port }) }] })
  }

  announcer.onStatus(({ provider, serviceType, serial, state: announced, message }) => {
    if (provider !== identity.id || !running?.services.has(serviceType)) return
    setService({ type: serviceType, serial, state: announced, ...(message === undefined ? {} : { message }) })
  })

  async function begin(chosen: ShareTerms, instead: boolean): Promise<number> {
    const before = state.get().share.terms
    if (running && !instead && before) throw alreadySharing(before)
    if (state.get().identity.registration !== 'registered') {
      throw new MystError(
        'NotRegistered',
        'Register the identity first; others accept messages from registered identities only.',
      )
    }
    if (running) await windDown()
    const { message: _old, closed: _closed, ...share } = state.get().share
    const run = share.run + 1
    const terms = {
      ...chosen,
      maxConnections: chosen.maxConnections ?? DEFAULT_CONNECTIONS.maxConnections,
      newConnectionsPerSecond: chosen.newConnectionsPerSecond ?? DEFAULT_CONNECTIONS.newConnectionsPerSecond,
    }
    state.set({ share: { ...share, state: 'starting', services: [], sessions: [], terms, run } })
    const types = serviceTypes.filter(({ name }) => terms.services.includes(name))
    const services = new Map<ServiceTypeName, ServiceProvider>()
    let reason: unknown
    try {
      const reach = await deps.reach()
      const publicAddress = announcedAddress(reach)
      set({ reach, address: publicAddress })
      for (const type of types) {
        try {
          const service = await type.startProvider({
            dataDir: join(deps.dataDir, type.name),
            publicAddress,
            bandwidthMbps: terms.bandwidthMbps,
            maxSessions: terms.maxSessions,
            ...(terms.totalBandwidthMbps !== undefined && {
              totalBandwidthMbps: partOfTotal(terms.totalBandwidthMbps, types.length),
            }),
            maxConnections: terms.maxConnections,
            newConnectionsPerSecond: terms.newConnectionsPerSecond,
            allowMail: terms.allowMail === true,
          })
          services.set(type.name, service)
          service.onLost((sessionId, message) => {
            // A single session's loss is the session server's business.
            if (sessionId === undefined) failed(type.name, message)
          })
        } catch (error) {
          reason = error
          log.warn(`${type.name} cannot be offered: ${toWire(error).message}`)
          setService({ type: type.name, serial: 0, state: 'failed', message: toWire(error).message })
        }
      }
      if (services.size === 0) throw reason ?? new MystError('NothingToShare', 'Choose at least one service to share.')
      running = { services, server: serve(services, terms) }
      for (const serviceType of services.keys()) {
        // From here on `onStatus` tells what becomes of it; an offer that stands on the chain is announced at once.
        announcer.offer({
          identity,
          gas,
          contacts: deps.contacts(),
          terms: {
            serviceType,
            serviceLocation: { country: terms.country },
            originLocation: { country: terms.country },
            bandwidthMbps: offeredBandwidth(terms.bandwidthMbps, terms.totalBandwidthMbps, types.length),
            unit: terms.unit,
            pricePerUnit: terms.pricePerUnit,
          },
        })
      }
      set({ state: 'on' })
      return run
    } catch (error) {
      await end(toWire(error).message, services)
      throw error
    }
  }

  function failed(type: ServiceTypeName, message: string): void {
    announcer.withdraw(identity.id, type)
    setService({ type, serial: 0, state: 'failed', message })
    running?.services.delete(type)
    if (running?.services.size === 0) void inTurn(() => end(message))
  }

  async function windDown(started = running?.services): Promise<void> {
    set({ state: 'stopping' })
    await running?.server.stop()
    for (const type of started?.keys() ?? []) announcer.withdraw(identity.id, type)
    for (const service of started?.values() ?? []) {
      await service
        .stop()
        .catch((error: unknown) => log.warn(`a service did not stop cleanly: ${toWire(error).message}`))
    }
    running = undefined
  }

  async function end(message?: string, started = running?.services): Promise<void> {
    if (!running && !started) return
    await windDown(started)
    const { message: _old, closed: _closed, address: _announced, ...share } = state.get().share
    state.set({
      share: { ...share, state: 'off', services: [], sessions: [], ...(message === undefined ? {} : { message }) },
    })
  }

  return {
    start: (terms, { instead = false } = {}) => inTurn(() => begin(terms, instead)),
    serve: (dialogue) => running?.server.serve(dialogue),
    stop: (run) => inTurn(async () => (run === undefined || run === state.get().share.run ? end() : undefined)),
  }
}

function alreadySharing({ services, pricePerUnit, unit }: ShareTerms): MystError {
  return new MystError(
    'AlreadySharing',
    `Shared already: ${services.join(', ')} for ${formatMyst(pricePerUnit)} MYST per ${unit}. Stop that first, or put these terms in its place ("myst provide --instead").`,
  )
}
