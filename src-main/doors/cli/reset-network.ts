import { join } from 'node:path'
import { endLockdown, restoreInternet } from '../../node/restore-internet.ts'
import { reachRunningNode } from '../client.ts'
import { type CommandLine, UsageError } from './arguments.ts'
import type { Output } from './output.ts'

/** A node that hangs is not waited for longer. */
const PATIENCE_MS = 10_000

/** Opens what a guard closed, with no node: also when the app is gone, does not start or hangs. */
export async function resetNetwork(line: CommandLine, output: Output): Promise<number> {
  if (line.words.length > 1) throw new UsageError('reset-network takes nothing more')
  await restoreInternet()
  const wasLockedDown = await endLockdown(line.home, () => toldNode(line.home))
  output.line(
    { event: 'network', state: 'open', ...(wasLockedDown ? { lockdown: false } : {}) },
    `The internet is open again; nothing of ours is left in this network.${wasLockedDown ? ' Lockdown is off now.' : ''}`,
  )
  return 0
}

/** The node that runs would block again otherwise. */
async function toldNode(home: string): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(resolve, PATIENCE_MS, false))
  const told = async () => {
    const running = await reachRunningNode(join(home, 'node.sock'))
    await running?.call('connection.restore', {})
    return running !== undefined
  }
  return Promise.race([told().catch(() => false), late])
}
