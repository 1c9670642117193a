import type { CommandName, CommandOutput } from '#shared/contract/commands.ts'
import { encode } from '#shared/contract/wire.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { readAnswer, readStateMessage, unreachable } from './answer.ts'
import type { Bridge, StateListener } from './bridge.ts'

/** What the bridge needs of the browser; handed in so that a test can hold it. */
export type HttpBridgeDeps = {
  fetch: typeof fetch
  /** Opens the state socket at a path of the page's own origin. */
  openSocket(path: string): WebSocket
  setTimeout(run: () => void, ms: number): number
  clearTimeout(timer: number): void
  random(): number
}

const FIRST_RETRY_MS = 500
/** A person who starts the node again should not wait longer than this for the page to notice. */
const LAST_RETRY_MS = 5_000

/** Trades the one-time token for the session cookie. False: the node did not take it. */
export async function signIn(deps: Pick<HttpBridgeDeps, 'fetch'>, token: string): Promise<boolean> {
  try {
    const answer = await deps.fetch('/api/login', { method: 'POST', headers: HEADERS, body: encode({ token }) })
    return answer.ok
  } catch {
    return false
  }
}

export function createHttpBridge(deps: HttpBridgeDeps): Bridge {
  async function post(name: string, input: unknown): Promise<Response> {
    try {
      return await deps.fetch(`/api/command/${name}`, { method: 'POST', headers: HEADERS, body: encode(input) })
    } catch (cause) {
      throw unreachable(cause)
    }
  }

  return {
    async command<Name extends CommandName>(name: Name, input: unknown) {
      const response = await post(name, input)
      if (response.status === 401) {
        throw new MystError('SignedOut', 'This page is signed out; open the address that the node printed again.')
      }
      // The node made this value from the same contract; the type follows the command's name.
      return readAnswer(await response.text()) as CommandOutput<Name>
    },
    onState: (listener) => follow(deps, listener, () => post('state.get', {})),
  }
}

const HEADERS = { 'content-type': 'application/json', 'x-myst': '1' }

/** One socket at a time, reopened with growing pauses for as long as somebody listens. */
function follow(deps: HttpBridgeDeps, listener: StateListener, probe: () => Promise<Response>): () => void {
  let socket: WebSocket | undefined
  let timer: number | undefined
  let attempt = 0
  let ended = false

  const open = () => {
    const mine = deps.openSocket('/api/state')
    socket = mine
    mine.onmessage = (event) => {
      if (ended || socket !== mine || typeof event.data !== 'string') return
      const message = readStateMessage(event.data)
      if (!message) return mine.close()
      if (message.kind === 'snapshot') {
        attempt = 0
        listener.onLink('open')
      }
      listener.onMessage(message)
    }
    mine.onclose = () => {
      if (!ended && socket === mine) void recover()
    }
  }

  // A socket does not tell why it was refused; an ordinary request does.
  const recover = async () => {
    const signedOut = await probe().then(
      (response) => response.status === 401,
      () => false,
    )
    if (ended) return
    listener.onLink(signedOut ? 'signed-out' : 'lost')
    if (signedOut) return
    const pause = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt) * (0.75 + deps.random() / 2)
    attempt += 1
    timer = deps.setTimeout(open, pause)
  }

  listener.onLink('connecting')
  open()
  return () => {
    ended = true
    if (timer !== undefined) deps.clearTimeout(timer)
    socket?.close()
  }
}
