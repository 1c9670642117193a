/**
 * The elevated helper: OpenVPN, addresses, routes and firewall for one node, through a few fixed verbs.
 *
 *     node main.ts --socket DIRECTORY --user UID
 *     node main.ts --service INSTANCE
 *     node main.ts --reset-network
 *
 * Whom it works for, and how the two know one another, is in `caller.ts`.
 *
 * It ends, and takes everything down, when the caller's connection ends. When it is killed, OpenVPN
 * notices and ends; what is left in the kernel is undone by the next helper (`workspace.ts`). What is never
 * undone by an end is the network guard (`network-state.ts`): it is opened by being asked to, and only so.
 */
import { join } from 'node:path'

import { type Caller, readCaller } from './caller.ts'
import { Failure } from './failure.ts'
import type { Host } from './host.ts'
import { openJournal } from './journal.ts'
import { createLineReader } from './lines.ts'
import { createNetwork, type Network } from './network-state.ts'
import { anyPrograms, createPrograms } from './programs.ts'
import { createRequestReader, MAX_FRAME, type Request } from './requests.ts'
import { resetNetwork } from './reset.ts'
import { createServer, type Server } from './server.ts'
import { createTunnel, type Tunnel } from './tunnel.ts'
import { createWorkspace, removeLeftovers } from './workspace.ts'

/** Where the app's package has its own OpenVPN; not there when run from the sources. */
const BUNDLED = join(import.meta.dirname, 'bin')

/** More questions than this without waiting for answers, and more bytes of answers that are not fetched, are not a node's. */
const MAX_UNANSWERED = 1024
const MAX_UNREAD = 8 * 1024 * 1024
const REFUSED_MS = 5_000

async function answer(
  request: Request,
  { network, tunnel, server }: { network: Network; tunnel: Tunnel; server: Server },
): Promise<object> {
  switch (request.verb) {
    case 'status':
      return { tunnel: tunnel.state, server: server.state }
    case 'network-set':
      return (await network.set(request.network)) ?? {}
    case 'network-state':
      return network.state()
    case 'tunnel-start':
      return tunnel.start(request.tunnel)
    case 'tunnel-mtu':
      return (await tunnel.setMtu(request.mtu)) ?? {}
    case 'tunnel-stop':
      return (await tunnel.stop()) ?? {}
    case 'server-start':
      return (await server.start(request.server)) ?? {}
    case 'server-admit':
      return (await server.admit(request.commonName)) ?? {}
    case 'server-traffic':
      return server.traffic(request.commonName)
    case 'server-kill':
      return (await server.kill(request.commonName)) ?? {}
    case 'server-stop':
      return (await server.stop()) ?? {}
  }
}

/** What there is to be done before a caller is answered. */
async function prepare(
  user: number,
  log: (line: string) => void,
): Promise<{ host: Host; network: Network; leave(): void }> {
  const programs = createPrograms(BUNDLED)
  await removeLeftovers({ programs, log })
  const workspace = createWorkspace()
  const host: Host = {
    dir: workspace.dir,
    programs,
    journal: openJournal({ dir: workspace.dir, programs, log }),
    log,
  }
  try {
    return { host, network: await createNetwork(host, user), leave: workspace.remove }
  } catch (error) {
    workspace.remove()
    throw error
  }
}

/** In a sentence for its person, who would else see only that nobody came. */
function refuse({ hello, connect }: Caller, { name, message }: Failure): void {
  const socket = connect()
  socket.on('error', () => undefined)
  socket.end(`${JSON.stringify({ hello, version: 1, error: { name, message } })}\n`)
  // It is not gone before it was heard, nor waits for ever.
  socket.resume()
  setTimeout(() => socket.destroy(), REFUSED_MS).unref()
}

function failed(): Failure {
  return new Failure('HelperFailed', 'The helper failed; see its log.')
}

async function main(): Promise<void> {
  process.umask(0o077)
  process.chdir('/')
  for (const name of Object.keys(process.env)) delete process.env[name]
  const log = (line: string) => void process.stderr.write(`${line}\n`)
  // Nobody may be reading any more.
  process.stderr.on('error', () => undefined)
  if (process.platform !== 'linux') throw new Failure('NotSupported', 'The helper works on Linux only so far.')
  if (process.getuid?.() !== 0) throw new Failure('NotPermitted', 'The helper needs root.')
  const args = process.argv.slice(2)
  if (args.length === 1 && args[0] === '--reset-network') return resetNetwork({ programs: anyPrograms(BUNDLED), log })
  const caller = readCaller(args)
  const { host, network, leave } = await prepare(caller.user, log).catch((error: unknown) => {
    refuse(caller, error instanceof Failure ? error : failed())
    throw error
  })

  // Nothing is waited for from here to the end of this function: its events must find their handlers.
  const socket = caller.connect()
  const send = (frame: object) => {
    if (socket.writable) socket.write(`${JSON.stringify(frame)}\n`)
    if (socket.writableLength > MAX_UNREAD) void end()
  }
  const tunnel = createTunnel(host, network, send)
  const server = createServer(host, send)

  let ending = false
  const end = async () => {
    if (ending) return
    ending = true
    socket.destroy()
    await Promise.allSettled([tunnel.stop(), server.stop()])
    await host.journal.undo(() => true)
    leave()
    process.exit(0)
  }

  const parse = createRequestReader()
  let unanswered = 0
  const onFrame = async (line: string) => {
    if (ending) return
    if (++unanswered > MAX_UNANSWERED) return end()
    let id = -1
    try {
      const request = parse(line)
      id = request.id
      send({ id, result: await answer(request.read(), { network, tunnel, server }) })
    } catch (error) {
      const known = error instanceof Failure
      log(`request ${id}: ${String(error)}${known && error.cause ? `: ${String(error.cause)}` : ''}`)
      const { name, message } = known ? error : failed()
      send({ id, error: { name, message } })
    }
    unanswered--
  }

  const greet = () => send({ hello: caller.hello, version: 1 })
  if (socket.connecting) socket.on('connect', greet)
  else greet()
  socket.on(
    'data',
    createLineReader(
      MAX_FRAME,
      (line) => void onFrame(line),
      () => void end(),
    ),
  )
  socket.on('error', () => undefined)
  socket.on('close', () => void end())
  process.on('SIGTERM', () => void end())
  // A person's Ctrl-C goes to the whole group: the node ends in its order, and then the helper.
  process.on('SIGINT', () => undefined)
  process.on('SIGHUP', () => undefined)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`)
  process.exitCode = 1
})
