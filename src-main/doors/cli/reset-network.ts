import { restoreInternet } from '../../node/restore-internet.ts'
import { type CommandLine, UsageError } from './arguments.ts'
import type { Output } from './output.ts'

/** Opens what a guard closed, with no node: also when the app is gone, does not start or hangs. */
export async function resetNetwork(line: CommandLine, output: Output): Promise<number> {
  if (line.words.length > 1) throw new UsageError('reset-network takes nothing more')
  await restoreInternet()
  output.line(
    { event: 'network', state: 'open' },
    'The internet is open again; nothing of ours is left in this network.',
  )
  return 0
}
