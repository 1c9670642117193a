import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Handlers } from '#shared/contract/commands.ts'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { createNode, type MysteriumNode } from '../../node/create-node.ts'
import { acquireHome } from '../../node/home.ts'
import { createLogger, type Logger } from '../../node/lib/logger.ts'
import { type NodeAccess, reachRunningNode } from '../client.ts'
import { openHttpDoor } from '../http.ts'
import { type CommandLine, localnetFile, readNetwork } from './arguments.ts'

/**
 * A node for one command: the one that already runs on this home, or one of our own in this process.
 * `stays`: this command runs in the foreground, so others shall be able to reach its node. `isStart`: it is an app,
 * which does at its start what the settings say. `handlers`: what this command itself does in the place of its node.
 */
export async function openNode(
  line: CommandLine,
  {
    stays = false,
    isStart = false,
    handlers = {},
  }: { stays?: boolean; isStart?: boolean; handlers?: Partial<Handlers> } = {},
): Promise<NodeAccess & { readonly own?: MysteriumNode }> {
  const socketPath = join(line.home, 'node.sock')
  const running = await reachRunningNode(socketPath)
  if (running) return running

  const release = await acquireHome(line.home)
  if (release === undefined) {
    // Somebody took the home between our two looks: a node that is just starting.
    const started = await reachRunningNode(socketPath)
    if (started) return started
    throw new MystError(
      'HomeInUse',
      `Another myst process is using ${line.home}; wait for it to finish, or choose another --home.`,
    )
  }
  const log = createLogger(
    (text) => process.stderr.write(`${text}\n`),
    'node',
    line.options.verbose ? 'debug' : 'error',
  )
  let node: MysteriumNode | undefined
  try {
    const network = chosenNetwork(line)
    node = await createNode({ home: line.home, network, log, isStart })
    const own = { ...node, handlers: { ...node.handlers, ...handlers } }
    const door = stays
      ? await openHttpDoor(
          { handlers: own.handlers, state: own.state, log },
          { listen: { path: socketPath }, access: 'file' },
        )
      : undefined
    return {
      own,
      call: (name, input) => (own.handlers[name] as (input: unknown) => Promise<never>)(input),
      watch(listener) {
        listener(own.state.snapshot())
        return own.state.subscribe(listener)
      },
      async close() {
        await door?.stop()
        await own.stop()
        release()
      },
    }
  } catch (error) {
    await node?.stop()
    release()
    throw error
  }
}

/** `--network`; else what the home remembers; else the local network, where one runs. */
function chosenNetwork({ home, options }: CommandLine): NetworkFile | undefined {
  if (options.network !== undefined) return readNetwork(options.network)
  const remembers = existsSync(join(home, 'network.json'))
  return remembers || !existsSync(localnetFile()) ? undefined : readNetwork('localnet')
}

/** Of what a command does in the foreground, to whoever started it. */
export function loggerFor(line: CommandLine): Logger {
  return createLogger((text) => process.stderr.write(`${text}\n`), 'node', line.options.verbose ? 'debug' : 'warn')
}
