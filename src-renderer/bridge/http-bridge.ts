import type { CommandName, CommandOutput } from '#shared/contract/commands.ts'
import { encode } from '#shared/contract/wire.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { readAnswer, readStateMessage, unreachable } from './answer.ts'
import type { Bridge, LinkState, StateListener } from './bridge.ts'
import { SILENCE_MS, type Timers, watchForSilence } from './silence.ts'

/** What the bridge needs of the browser; handed in so that a test can hold it. */
export type HttpBridgeDeps = Timers & {
  fetch: typeof fetch
  /** Opens the state socket at a path of the page's own origin. */
  openSocket(path: string, protocols: string[]): WebSocket
  random(): number
  /** Of the page. */
  origin: string
}

export type HttpBridge = Required<Bridge> & {
  /** The person did something at this page. */
  active(): void
}

const FIRST_RETRY_MS = 500
/** A person who starts the node again should not wait longer than this for the page to notice. */
const LAST_RETRY_MS = 5_000

/** Trades the one-time token for the secret that this page is known by. Undefined: the node did not take it. */
export async function signIn(deps: Pick<HttpBridgeDeps, 'fetch'>, token: string): Promise<string | undefined> {
  try {
    const answer = await deps.fetch('/api/login', { method: 'POST', body: encode({ token }) })
    if (!answer.ok) return undefined
    const { secret } = (await answer.json()) as { secret?: unknown }
    return typeof secret === 'string' ? secret : undefined
  } catch {
    return undefined
  }
}

/** `secret`: of `signIn`; undefined: this page is signed out. */
export function createHttpBridge(deps: HttpBridgeDeps, secret: string | undefined): HttpBridge {
  async function post(path: string, input: unknown, signal?: AbortSignal): Promise<Response> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret ?? ''}` }
    try {
      return await deps.fetch(path, { method: 'POST', headers, body: encode(input), ...(signal && { signal }) })
    } catch (cause) {
      throw unreachable(cause)
    }
  }

  return {
    origin: deps.origin,
    async command<Name extends CommandName>(name: Name, input: unknown) {
      const response = await post(`/api/command/${name}`, input)
      if (response.status === 401) {
        throw new MystError('SignedOut', 'This page is signed out; open the address that the node printed again.')
      }
      if (response.status === 423) throw new MystError('PageLocked', 'This page is locked; reload it.')
      // The node made this value from the same contract; the type follows the command's name.
      return readAnswer(await response.text()) as CommandOutput<Name>
    },
    onState: (listener) =>
      follow(
        deps,
        listener,
        () => deps.openSocket('/api/state', ['myst', ...(secret === undefined ? [] : [secret])]),
        async () => {
          const signal = AbortSignal.timeout(SILENCE_MS)
          const { status } = await post('/api/command/state.get', {}, signal)
          return status === 401 ? 'signed-out' : status === 423 ? 'locked' : 'lost'
        },
      ),
    async unlock(passphrase) {
      const response = await post('/api/unlock', { passphrase })
      if (response.status !== 401) readAnswer(await response.text())
    },
    active: () => void post('/api/active', {}).catch(() => undefined), // nobody waits for it
  }
}

/**
 * One socket at a time, reopened with growing pauses for as long as somebody listens. `probe` says why a socket was
 * refused, which a socket does not tell.
 */
function follow(
  deps: HttpBridgeDeps,
  listener: StateListener,
  openSocket: () => WebSocket,
  probe: () => Promise<LinkState>,
): () => void {
  let socket: WebSocket | undefined
  let timer: number | undefined
  let attempt = 0
  let ended = false

  // The node hangs: its socket stays open, and it may be long before it closes.
  const watch = watchForSilence(deps, () => {
    const silent = socket
    socket = undefined
    silent?.close()
    listener.onLink('lost')
    void recover()
  })

  const open = () => {
    const mine = openSocket()
    socket = mine
    watch.heard()
    mine.onmessage = (event) => {
      if (ended || socket !== mine || typeof event.data !== 'string') return
      const message = readStateMessage(event.data)
      if (!message) return mine.close()
      watch.heard()
      if (message.kind === 'snapshot') {
        attempt = 0
        listener.onLink('open')
      }
      listener.onMessage(message)
    }
    mine.onclose = () => {
      if (ended || socket !== mine) return
      watch.stop()
      void recover()
    }
  }

  const recover = async () => {
    const link = await probe().catch((): LinkState => 'lost')
    if (ended) return
    listener.onLink(link)
    if (link !== 'lost') return
    const pause = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt) * (0.75 + deps.random() / 2)
    attempt += 1
    timer = deps.setTimeout(open, pause)
  }

  listener.onLink('connecting')
  open()
  return () => {
    ended = true
    watch.stop()
    if (timer !== undefined) deps.clearTimeout(timer)
    socket?.close()
  }
}
