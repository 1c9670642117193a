import { join } from 'node:path'
import { endLockdown, restoreInternet } from '../../node/restore-internet.ts'
import { reachRunningNode } from '../client.ts'
import { type CommandLine, UsageError } from './arguments.ts'
import type { Output } from './output.ts'

/** A node that hangs is not waited for longer. */
const PATIENCE_MS = 3_000

/** Opens what a guard closed, with no node: also when the app is gone, does not start or hangs. */
export async function resetNetwork(line: CommandLine, output: Output): Promise<number> {
  if (line.words.length > 1) throw new UsageError('reset-network takes nothing more')
  await restoreInternet()
  const wasLockedDown = await switchLockdownOff(line.home)
  output.line(
    { event: 'network', state: 'open', ...(wasLockedDown ? { lockdown: false } : {}) },
    `The internet is open again; nothing of ours is left in this network.${wasLockedDown ? ' Lockdown is off now.' : ''}`,
  )
  return 0
}

/** By the node that runs, which would block again otherwise; else, or when that does not answer, in its home. */
async function switchLockdownOff(home: string): Promise<boolean> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined))
  const told = async () => {
    const running = await reachRunningNode(join(home, 'node.sock'))
    if (!running) return undefined
    const { settings } = await running.call('state.get', {})
    if (settings.lockdown) await running.call('connection.restore', {})
    return settings.lockdown
  }
  return (await Promise.race([told().catch(() => undefined), late])) ?? endLockdown(home)
}
