import type { CommandInput, CommandName, CommandOutput } from '#shared/contract/commands.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import { unreachable } from '../bridge/answer.ts'
import type { Bridge } from '../bridge/bridge.ts'
import { DIAGNOSTICS, earnings, history, KEY, NETWORK, PROPOSALS, promises, quote, risks, seeded } from './fixtures.ts'
import type { Scene } from './scene.ts'
import { running, sessions } from './session-fixtures.ts'

const ORIGIN = 'http://127.0.0.1:43817'
const TOKEN = 'S0m3Th1ngR4nd0m0f32Byt3sW0uldB3H3r3-w0rks0nc'

/** A bridge to nowhere: shows one scene's state and answers queries from the fixtures. */
export function createFixtureBridge(scene: Scene, now: number): Bridge {
  return {
    // The desktop app's window has no address.
    ...(!scene.state.shell && { origin: ORIGIN }),
    async command<Name extends CommandName>(name: Name, input: CommandInput<Name>) {
      return answer(scene, now, name, input) as CommandOutput<Name>
    },
    onState(listener) {
      const link = scene.link ?? 'open'
      listener.onLink(link)
      if (link === 'connecting') return () => {}
      let number = 0
      listener.onMessage({ kind: 'snapshot', number, state: scene.state })
      listener.onLink(link)
      const { connection, programs } = scene.state
      const isLive = [connection, ...programs.map((program) => program.connection)].some(
        ({ name }) => name === 'connected',
      )
      // Who wants less motion gets a still picture, the same every time.
      const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches
      if (!isLive || still) return () => {}
      const random = seeded(3)
      const timer = window.setInterval(() => {
        number += 1
        const wave = 0.55 + 0.45 * Math.sin(number / 7) + (random() - 0.5) * 0.5
        const rateBps = { down: Math.max(0, 18e6 * wave), up: Math.max(0, 1.6e6 * (1.4 - wave)) }
        const moved = (one: ConnectionState): ConnectionState => {
          if (one.name !== 'connected') return one
          const bytesDown = one.live.bytesDown + BigInt(number) * 20_000_000n
          return { ...one, live: { ...one.live, rateBps, bytesDown } }
        }
        // As from a node: everything is new, whether or not it differs.
        const all = programs.map((program) => ({ ...program, connection: moved({ ...program.connection }) }))
        listener.onMessage({ kind: 'delta', number, set: { connection: moved(connection), programs: all } })
      }, 1000)
      return () => window.clearInterval(timer)
    },
  }
}

function answer(scene: Scene, now: number, name: CommandName, input: unknown): unknown {
  // Of a page that was opened when the node had ended; another one keeps what it was told.
  if (scene.link === 'lost' && scene.empty) throw unreachable()
  const { network } = scene.state
  if (network.name === '') throw new MystError('NoNetwork', network.message ?? '')
  switch (name) {
    case 'proposals.query': {
      const filter = input as CommandInput<'proposals.query'>
      if (scene.empty) return []
      return PROPOSALS.filter(
        (offer) =>
          (!filter.provider || offer.provider === filter.provider) &&
          (!filter.serviceType || offer.serviceType === filter.serviceType) &&
          (!filter.unit || offer.unit === filter.unit) &&
          (filter.maxPricePerUnit === undefined || offer.pricePerUnit <= filter.maxPricePerUnit) &&
          offer.bandwidthMbps >= (filter.minBandwidthMbps ?? 0),
      )
    }
    case 'earnings.daily':
      return earnings(now, (input as CommandInput<'earnings.daily'>).days, scene.empty)
    case 'promises.risk':
      return scene.empty ? [] : risks(now, scene.state.share.sessions)
    case 'promises.list':
      return scene.empty ? [] : promises(now)
    case 'sessions.list':
      return scene.empty ? [] : [...running(scene.state), ...sessions(now)]
    case 'wallet.history':
      return scene.empty ? [] : history(now)
    case 'wallet.quote':
      return quote(input as CommandInput<'wallet.quote'>)
    case 'network.file':
      return NETWORK
    case 'page.newAddress':
      return { address: ORIGIN, token: TOKEN, expiresAtMs: now + 600_000 }
    case 'programs.newKey':
      return { key: KEY }
    case 'diagnostics.read':
      return { text: DIAGNOSTICS, fileName: 'mysterium-diagnostics.txt' }
    case 'identity.export':
      return { keystore: '{"version":3}', fileName: 'mysterium-identity.json' }
    case 'identity.changePassphrase':
      throw new MystError('WrongPassphrase', 'This passphrase does not fit; check it and try again.')
    default:
      throw new MystError('Gallery', 'This is the gallery: nothing happens here.')
  }
}
