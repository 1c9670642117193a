import type { AppState } from '#shared/contract/state.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { NodeAccess } from '../client.ts'
import { type Options, passphraseFrom, UsageError } from './arguments.ts'

/** How long a command waits for a chain or a broker that does not answer before it says so. */
const PATIENCE_MS = 10_000

/** Follows the state until `test` holds; rejects when the node goes away. */
export function until(access: NodeAccess, test: (state: AppState) => boolean, signal?: AbortSignal): Promise<AppState> {
  return new Promise((resolve, reject) => {
    let state: AppState | undefined
    const finish = (act: () => void) => {
      // The first message may come before `watch` returned.
      queueMicrotask(() => stop())
      signal?.removeEventListener('abort', aborted)
      act()
    }
    const aborted = () => finish(() => reject(signal?.reason))
    signal?.addEventListener('abort', aborted)
    const stop = access.watch(
      (message) => {
        state = message.kind === 'snapshot' ? message.state : state && { ...state, ...message.set }
        const now = state
        if (now && test(now)) finish(() => resolve(now))
      },
      () => finish(() => reject(new MystError('NodeGone', 'The node ended.'))),
    )
  })
}

/** Waits for the chain (and, where messages are sent, the broker); says what does not answer. */
export async function online(access: NodeAccess, needs: { broker?: boolean } = {}): Promise<AppState> {
  const { network } = await access.call('state.get', {})
  if (network.name === '') throw new MystError('NoNetwork', network.message ?? 'No network is chosen.')
  const ready = (state: AppState) =>
    state.network.chain === 'online' && (!needs.broker || state.network.broker === 'online')
  const timeout = AbortSignal.timeout(PATIENCE_MS)
  try {
    return await until(
      access,
      (state) => {
        // While blocks are being copied there is progress, so there is no reason to give up.
        if (timeout.aborted && state.network.chain !== 'syncing') throw timeout.reason
        return ready(state)
      },
      timeout,
    )
  } catch (error) {
    if (error !== timeout.reason) throw error
    const { network } = await access.call('state.get', {})
    if (network.chain === 'syncing') return until(access, ready)
    if (network.chain !== 'online') {
      throw new MystError(
        'ChainUnreachable',
        network.message ?? 'The chain does not answer; check the RPC address in the network file.',
      )
    }
    throw new MystError(
      'BrokerUnreachable',
      network.message ?? 'The message broker does not answer; check its address in the network file.',
    )
  }
}

/** Makes sure an identity acts, asking for the passphrase only when it is still locked. */
export async function unlocked(access: NodeAccess, options: Options): Promise<AppState> {
  const { identity } = await access.call('state.get', {})
  const wanted = options.identity?.toLowerCase()
  if (identity.unlocked && (wanted === undefined || wanted === identity.active)) return access.call('state.get', {})
  const id = wanted ?? identity.active ?? (identity.all.length === 1 ? identity.all[0]?.id : undefined)
  if (id === undefined) {
    throw identity.all.length === 0
      ? new MystError('NoIdentity', 'There is no identity yet; make one with "myst identity new".')
      : new UsageError('there are several identities; choose one with --identity ID')
  }
  await access.call('identity.unlock', { id, passphrase: passphraseFrom(options) })
  return access.call('state.get', {})
}

/** Aborts on Ctrl-C or a polite request to end. */
export function interrupted(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => controller.abort(new MystError('Interrupted', 'Interrupted.')))
  }
  return controller.signal
}

/** Resolves when it is over. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve())
  })
}
