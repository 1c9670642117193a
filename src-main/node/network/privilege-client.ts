import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { ZodType } from 'zod'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../lib/logger.ts'
import type { Clock } from '../ports/clock.ts'
import type { Privilege, PrivilegeEvent } from '../ports/privilege.ts'
import { answerFrame, eventFrame, networkResult, trafficResult, tunnelResult } from './frames.ts'
import { readNetworkLeft } from './network-left.ts'
import { openVpnAvailability } from './openvpn-availability.ts'
import { type HelperProgram, startHelper } from './start-helper.ts'

/** A tunnel may take this long by the helper's own clock, and a little more. */
const ANSWER_MS = 60_000
const MAX_FRAME = 64 * 1024

type Waiting = { resolve: (result: unknown) => void; reject: (error: MystError) => void; cancelTimer: () => void }

/**
 * The Privilege port over the helper program. The helper is started by `ensure` only; a helper that went
 * away is not started again by itself (that could ask for a password out of nowhere): everything that
 * was asked of it fails with `HelperGone`, and what was up is reported as down.
 *
 * `ensure` rejects with `OpenVpnMissing`, `NoTunDevice`, `NotPermitted`, `ElevationRefused`,
 * `HelperGone`; the verbs with what the helper says (`PortInUse`, `TunnelFailed`, `TunnelRefused`, …).
 */
export function createPrivilege(
  deps: { log: Logger; clock: Clock },
  options: Partial<HelperProgram> & { bundled?: string } = {},
): Privilege {
  const { log, clock } = deps
  const program: HelperProgram = {
    helperPath: options.helperPath ?? fileURLToPath(new URL('../../helper/main.ts', import.meta.url)),
    nodePath: options.nodePath ?? process.execPath,
    servicePath: options.servicePath,
  }
  const handlers = new Set<(event: PrivilegeEvent) => void>()
  const waiting = new Map<number, Waiting>()
  const stopping = new AbortController()
  let nextId = 0
  let socket: Socket | undefined
  let starting: Promise<void> | undefined
  let tunnelUp = false
  let serverUp = false

  const emit = (event: PrivilegeEvent) => {
    if (event.event === 'tunnel') tunnelUp = event.state !== 'down'
    if (event.event === 'server') serverUp = event.state === 'up'
    for (const handle of handlers) handle(event)
  }

  const onFrame = (line: string) => {
    let frame: unknown
    try {
      frame = JSON.parse(line)
    } catch {
      return log.warn('the helper said something that is no frame')
    }
    const event = eventFrame.safeParse(frame)
    if (event.success) return emit(event.data as PrivilegeEvent)
    const answer = answerFrame.safeParse(frame)
    if (!answer.success) return log.warn('the helper said something unknown')
    const request = waiting.get(answer.data.id)
    waiting.delete(answer.data.id)
    request?.cancelTimer()
    if ('result' in answer.data) request?.resolve(answer.data.result)
    else request?.reject(new MystError(answer.data.error.name, answer.data.error.message))
  }

  const onGone = () => {
    socket = undefined
    const message = 'The helper program ended; connections over OpenVPN are closed.'
    for (const request of waiting.values()) {
      request.cancelTimer()
      request.reject(new MystError('HelperGone', message))
    }
    waiting.clear()
    if (tunnelUp) emit({ event: 'tunnel', state: 'down', message })
    if (serverUp) emit({ event: 'server', state: 'down', message })
  }

  const attach = (connection: Socket) => {
    let text = ''
    socket = connection
    connection.setEncoding('utf8')
    connection.on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n')
      text = lines.pop() ?? ''
      if (text.length > MAX_FRAME) return void connection.destroy()
      for (const line of lines) onFrame(line)
    })
    connection.on('close', () => {
      if (socket === connection) onGone()
    })
    connection.resume()
  }

  const call = (verb: string, fields: object = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (!socket) return reject(new MystError('HelperGone', 'The helper program is not running.'))
      const id = nextId++
      const cancelTimer = clock.after(ANSWER_MS, () => {
        waiting.delete(id)
        reject(new MystError('HelperGone', 'The helper program does not answer.'))
      })
      waiting.set(id, { resolve, reject, cancelTimer })
      socket.write(`${JSON.stringify({ ...fields, id, verb })}\n`)
    })

  return {
    async ensure() {
      if (socket) return
      starting ??= (async () => {
        const availability = openVpnAvailability(options.bundled, program.servicePath)
        if (!availability.available) throw new MystError(availability.name, availability.message)
        attach(await startHelper(program, log, stopping.signal))
      })().finally(() => {
        starting = undefined
      })
      await starting
    },
    async networkSet(request) {
      await call('network-set', request)
    },
    async networkState() {
      if (!socket) return readNetworkLeft()
      const { state, since } = readAnswer(networkResult, await call('network-state'))
      return since === undefined ? { state } : { state, since }
    },
    async tunnelStart(request) {
      return readAnswer(tunnelResult, await call('tunnel-start', request))
    },
    async tunnelMtu(request) {
      await call('tunnel-mtu', request)
    },
    async tunnelStop() {
      if (socket) await call('tunnel-stop')
    },
    async serverStart(request) {
      await call('server-start', request)
    },
    async serverAdmit(request) {
      await call('server-admit', request)
    },
    async serverTraffic(request) {
      return readAnswer(trafficResult, await call('server-traffic', request))
    },
    async serverKill(request) {
      await call('server-kill', request)
    },
    async serverStop() {
      if (socket) await call('server-stop')
    },
    onEvent(handle) {
      handlers.add(handle)
      return () => void handlers.delete(handle)
    },
    async stop() {
      stopping.abort()
      await starting?.catch(() => undefined)
      const connection = socket
      if (!connection) return
      await Promise.allSettled([call('tunnel-stop'), call('server-stop')])
      const closed = new Promise<void>((resolve) => connection.once('close', () => resolve()))
      connection.end()
      await closed
    },
  }
}

function readAnswer<T>(schema: ZodType<T>, answer: unknown): T {
  const read = schema.safeParse(answer)
  if (!read.success) throw new MystError('HelperFailed', 'The helper program answered something unknown.')
  return read.data
}
