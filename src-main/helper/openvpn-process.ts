import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'

import { Failure } from './failure.ts'
import { createLineReader, printable } from './lines.ts'
import { createManagementParser, MAX_MANAGEMENT_LINE, type ManagementEvent } from './management.ts'
import type { Programs } from './programs.ts'
import { CHILD_ENVIRONMENT } from './run.ts'

export type OpenVpn = {
  readonly pid: number
  /** One command of the management interface, without newline of its own (but for a block that ends in END). */
  command(text: string): void
  /** Asks it to end, then insists; resolves when it is gone. */
  stop(): Promise<void>
  /** Resolves with what went wrong when it ended by itself, with undefined when it was stopped. */
  readonly ended: Promise<Failure | undefined>
}

/**
 * What it needs until it has its device and its sockets, and none of it afterwards: OpenVPN would keep the right to
 * change the network when it becomes nobody (through libcap-ng, for routes that it never sets here). It may not ask for
 * that, so it becomes nobody in the plain way, which loses all.
 */
const RIGHTS = [
  '--no-new-privs',
  '--inh-caps=-all',
  '--bounding-set=-all,+net_admin,+net_bind_service,+setuid,+setgid',
  '--securebits=+keep_caps_locked',
  '--',
]

const CONNECT_MS = 5_000
const TERM_MS = 2_000
const KEPT_LINES = 40

/**
 * Starts OpenVPN and waits until its management connection is there. The configuration goes in through
 * stdin, so that keys are never in a file. `dir` is the helper's own, 0700.
 */
export async function startOpenVpn(
  deps: {
    programs: Programs
    dir: string
    name: string
    /** Its working directory; "/" when none is given. */
    cwd?: string
    log: (line: string) => void
    onStarted: (pid: number) => void
  },
  writeConfig: (management: string) => string,
  onEvent: (event: ManagementEvent) => void,
): Promise<OpenVpn> {
  const path = join(deps.dir, `${deps.name}.sock`)
  rmSync(path, { force: true })
  const listener = createServer()
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(path, resolve)
  })

  const child = spawn(deps.programs('setpriv'), [...RIGHTS, deps.programs('openvpn'), '--config', 'stdin'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: CHILD_ENVIRONMENT,
    cwd: deps.cwd ?? '/',
  })
  const said: string[] = []
  const reader = () =>
    createLineReader(
      MAX_MANAGEMENT_LINE,
      (line) => {
        said.push(line)
        if (said.length > KEPT_LINES) said.shift()
        deps.log(`${deps.name}: ${printable(line)}`)
      },
      () => undefined,
    )
  child.stdout.on('data', reader())
  child.stderr.on('data', reader())
  child.stdin.on('error', () => undefined)
  child.stdin.end(writeConfig(path))
  if (child.pid !== undefined) deps.onStarted(child.pid)

  let stopping = false
  let socket: Socket | undefined
  const ended = new Promise<Failure | undefined>((resolve) => {
    const end = () => {
      socket?.destroy()
      resolve(stopping ? undefined : explain(said))
    }
    child.once('error', end)
    child.once('close', end)
  })

  const stop = async () => {
    stopping = true
    if (socket) socket.write('signal SIGTERM\n')
    else child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), TERM_MS)
    await ended
    clearTimeout(timer)
  }

  const parse = createManagementParser((event) => {
    if (event.event === 'fatal') said.push(event.message)
    onEvent(event)
  })
  try {
    socket = await new Promise<Socket>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Failure('OpenVpnFailed', 'OpenVPN did not answer.')), CONNECT_MS)
      listener.once('connection', (connection) => {
        clearTimeout(timer)
        resolve(connection)
      })
      void ended.then((failure) => {
        clearTimeout(timer)
        reject(failure ?? new Failure('OpenVpnFailed', 'OpenVPN did not start.'))
      })
    })
  } catch (error) {
    await stop()
    throw error
  } finally {
    listener.close()
    rmSync(path, { force: true })
  }
  const connection = socket
  connection.on('error', () => undefined)
  const read = createLineReader(MAX_MANAGEMENT_LINE, parse, () => void stop())
  // After the caller has what it answers with.
  setImmediate(() => connection.on('data', read))
  connection.write('state on\n')
  return {
    pid: child.pid ?? 0,
    command: (text) => void connection.write(`${text}\n`),
    stop,
    ended,
  }
}

/** OpenVPN's own words become a sentence of ours: in its log are texts of strangers. */
function explain(said: readonly string[]): Failure {
  const has = (text: string) => said.some((line) => line.includes(text))
  if (has('Address already in use'))
    return new Failure('PortInUse', 'The port is in use by another program; choose another one.')
  if (has('Cannot open TUN/TAP dev') || has('Cannot ioctl TUNSETIFF')) {
    return new Failure('NoTunDevice', 'The tunnel device could not be made; is the tun module loaded and allowed here?')
  }
  if (has('AUTH_FAILED')) return new Failure('TunnelRefused', 'The provider refused the tunnel; try another provider.')
  if (has('TLS Error'))
    return new Failure('TunnelFailed', "The provider's OpenVPN does not answer; try another provider.")
  return new Failure('OpenVpnFailed', 'OpenVPN ended unexpectedly.')
}
