import { openNode } from './access.ts'
import { type CommandLine, filterFrom } from './arguments.ts'
import { type Output, promiseRow, proposalRow } from './output.ts'
import { online, unlocked } from './waiting.ts'

export async function proposals(line: CommandLine, output: Output): Promise<number> {
  const filter = filterFrom(line.options)
  const access = await openNode(line)
  try {
    await online(access)
    output.table((await access.call('proposals.query', filter)).map(proposalRow), 'No proposal matches.')
    return 0
  } finally {
    await access.close()
  }
}

export async function promises(line: CommandLine, output: Output): Promise<number> {
  const access = await openNode(line)
  try {
    await unlocked(access, line.options)
    output.table((await access.call('promises.list', {})).map(promiseRow), 'No promise yet.')
    return 0
  } finally {
    await access.close()
  }
}
