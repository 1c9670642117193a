import { openNode } from './access.ts'
import type { CommandLine } from './arguments.ts'
import { writeNew } from './keystore-files.ts'
import type { Output } from './output.ts'
import { until } from './waiting.ts'

/** How long a chain has to answer before it is said that it did not. */
const PATIENCE_MS = 5_000

/** Prints what a person may give to somebody who helps, or writes it to `--out`, to be read before it is given. */
export async function diagnostics(line: CommandLine, output: Output): Promise<number> {
  const access = await openNode(line)
  try {
    // A chain that does not answer is no failure here: that is what is to be told.
    const settled = until(access, ({ network }) => network.chain !== 'connecting', AbortSignal.timeout(PATIENCE_MS))
    await settled.catch(() => undefined)
    const { text } = await access.call('diagnostics.read', {})
    const { out } = line.options
    if (out === undefined) output.line({ diagnostics: text }, text.trimEnd())
    else {
      writeNew(out, text)
      output.line({ file: out }, `Written to ${out}; read it before you give it to anybody.`)
    }
    return 0
  } finally {
    await access.close()
  }
}
