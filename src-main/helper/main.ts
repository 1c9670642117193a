/**
 * The elevated helper: OpenVPN, addresses, routes and firewall for one node, through a few fixed verbs.
 *
 *     node main.ts --socket DIRECTORY --user UID
 *     node main.ts --reset-network
 *
 * How the two know one another. Node gives no peer credentials of a Unix socket, so the socket itself
 * must be out of others' reach: the *caller* listens, in a directory of its own that nobody else can
 * enter (0700, checked here together with its owner), and the helper connects. So the helper offers no
 * door of its own that a stranger could knock at, and changes no file in a directory that a user
 * controls. In the other direction, the first line carries a secret that the caller put into a 0600 file
 * beside the socket: what connects was started for this very caller. The secret is not in the arguments,
 * which every user of the machine can read; and stdin is not available behind a password prompt.
 *
 * It ends, and takes everything down, when the caller's connection ends. When it is killed, OpenVPN
 * notices and ends; what is left in the kernel is undone by the next helper (`workspace.ts`). What is never
 * undone by an end is the network guard (`network-state.ts`): it is opened by being asked to, and only so.
 */
import { lstatSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

import { Failure } from './failure.ts'
import type { Host } from './host.ts'
import { openJournal } from './journal.ts'
import { createLineReader } from './lines.ts'
import { createNetwork, type Network } from './network-state.ts'
import { MAX_FRAME, parseRequest, type Request } from './requests.ts'
import { resetNetwork } from './reset.ts'
import { createServer, type Server } from './server.ts'
import { createTunnel, type Tunnel } from './tunnel.ts'
import { createWorkspace, removeLeftovers } from './workspace.ts'

/** Where the app's package has its own OpenVPN; not there when run from the sources. */
const BUNDLED = join(import.meta.dirname, 'bin')

function readArguments(args: readonly string[]): { directory: string; user: number } {
  const [first, directory, second, user] = args
  if (
    first !== '--socket' ||
    second !== '--user' ||
    args.length !== 4 ||
    !directory ||
    !/^\d{1,10}$/.test(user ?? '')
  ) {
    throw new Failure('BadRequest', 'Usage: main.ts --socket DIRECTORY --user UID | --reset-network')
  }
  return { directory, user: Number(user) }
}

function readSecret(directory: string, user: number): string {
  for (const [path, isKind] of [
    [directory, (stat: ReturnType<typeof lstatSync>) => stat?.isDirectory()],
    [join(directory, 'secret'), (stat: ReturnType<typeof lstatSync>) => stat?.isFile()],
  ] as const) {
    const stat = lstatSync(path)
    if (!isKind(stat) || stat.uid !== user || (stat.mode & 0o077) !== 0) {
      throw new Failure('NotPermitted', 'The directory of the socket does not belong to its user alone.')
    }
  }
  const secret = readFileSync(join(directory, 'secret'), 'utf8')
  if (!/^[0-9a-f]{64}$/.test(secret)) throw new Failure('NotPermitted', 'The secret is not what it has to be.')
  return secret
}

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

async function main(): Promise<void> {
  process.umask(0o077)
  const log = (line: string) => void process.stderr.write(`${line}\n`)
  // Nobody may be reading any more.
  process.stderr.on('error', () => undefined)
  if (process.platform !== 'linux') throw new Failure('NotSupported', 'The helper works on Linux only so far.')
  if (process.getuid?.() !== 0) throw new Failure('NotPermitted', 'The helper needs root.')
  const args = process.argv.slice(2)
  if (args.length === 1 && args[0] === '--reset-network') return resetNetwork({ bundled: BUNDLED, log })
  const { directory, user } = readArguments(args)
  const secret = readSecret(directory, user)

  await removeLeftovers({ bundled: BUNDLED, log })
  const workspace = createWorkspace()
  const host: Host = {
    dir: workspace.dir,
    bundled: BUNDLED,
    journal: openJournal({ dir: workspace.dir, bundled: BUNDLED, log }),
    log,
  }

  const network = await createNetwork(host, user)

  // Nothing is waited for from here to the end of this function: its events must find their handlers.
  const socket = connect(join(directory, 'socket'))
  const send = (frame: object) => void (socket.writable && socket.write(`${JSON.stringify(frame)}\n`))
  const tunnel = createTunnel(host, network, send)
  const server = createServer(host, send)

  let ending = false
  const end = async () => {
    if (ending) return
    ending = true
    socket.destroy()
    await Promise.allSettled([tunnel.stop(), server.stop()])
    await host.journal.undo(() => true)
    workspace.remove()
    process.exit(0)
  }

  const onFrame = async (line: string) => {
    if (ending) return
    let id = -1
    try {
      const request = parseRequest(line)
      id = request.id
      send({ id, result: await answer(request.read(), { network, tunnel, server }) })
    } catch (error) {
      const known = error instanceof Failure
      log(`request ${id}: ${String(error)}${known && error.cause ? `: ${String(error.cause)}` : ''}`)
      const { name, message } = known ? error : new Failure('HelperFailed', 'The helper failed; see its log.')
      send({ id, error: { name, message } })
    }
  }

  socket.on('connect', () => send({ hello: secret, version: 1 }))
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
