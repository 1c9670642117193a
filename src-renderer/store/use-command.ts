import { useCallback, useState } from 'react'
import type { CommandInput, CommandName, CommandOutput } from '#shared/contract/commands.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { useNodeParts } from './node-context.tsx'

export type CommandRun<Name extends CommandName> = {
  /** The answer, or undefined when it failed; the reason is then in `error`. */
  run(input: CommandInput<Name>): Promise<{ ok: CommandOutput<Name> } | undefined>
  running: boolean
  error: MystError | undefined
  reset(): void
}

/** One command with what a button needs to show of it. */
export function useCommand<Name extends CommandName>(name: Name): CommandRun<Name> {
  const { bridge } = useNodeParts()
  const [state, setState] = useState<{ running: boolean; error?: MystError }>({ running: false })
  const run = useCallback(
    async (input: CommandInput<Name>) => {
      setState({ running: true })
      try {
        const ok = await bridge.command(name, input)
        setState({ running: false })
        return { ok }
      } catch (error) {
        setState({ running: false, error: asMystError(error) })
        return undefined
      }
    },
    [bridge, name],
  )
  const reset = useCallback(() => setState({ running: false }), [])
  return { run, running: state.running, error: state.error, reset }
}

export function asMystError(error: unknown): MystError {
  return error instanceof MystError ? error : new MystError('InternalError', String(error), { cause: error })
}
