import { useCallback, useEffect, useRef, useState } from 'react'
import type { CommandInput, CommandName, CommandOutput } from '#shared/contract/commands.ts'
import { encode } from '#shared/contract/wire.ts'
import type { MystError } from '#shared/errors/myst-error.ts'
import { useLink, useLostAt, useNode, useNodeParts } from './node-context.tsx'
import { asMystError } from './use-command.ts'

export type Query<Output> = { data?: Output; error?: MystError; loading: boolean; refresh(): void }

/**
 * Asks again when the input or `revision` changes, and when the node is back after it did not answer; the old answer stays
 * on screen meanwhile. A cause that is told above every screen already is no error of this one.
 */
export function useQuery<Name extends CommandName>(
  name: Name,
  input: CommandInput<Name>,
  revision: string | number,
): Query<CommandOutput<Name>> {
  const { bridge } = useNodeParts()
  const isOpen = useLink() === 'open'
  const [answer, setAnswer] = useState<{ data?: CommandOutput<Name>; error?: MystError; loading: boolean }>({
    loading: true,
  })
  const [again, setAgain] = useState(0)
  const key = encode(input)
  const latest = useRef(input)
  latest.current = input
  const asked = useRef(false)

  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the input, the rest asks again.
  useEffect(() => {
    if (!isOpen && asked.current) return
    asked.current = true
    let current = true
    setAnswer((before) => ({ ...before, loading: true }))
    bridge.command(name, latest.current).then(
      (data) => current && setAnswer({ data, loading: false }),
      (error: unknown) => current && setAnswer((before) => ({ ...before, error: asMystError(error), loading: false })),
    )
    return () => {
      current = false
    }
  }, [bridge, name, key, revision, again, isOpen])

  const refresh = useCallback(() => setAgain((count) => count + 1), [])
  const isLost = useLostAt() !== undefined
  const told = useNode(({ network }) => network.message)
  const { error, loading, data } = answer
  return {
    ...(data !== undefined && { data }),
    ...(error && !isLost && error.message !== told && { error }),
    // It is asked again by itself; until then nobody can say that there is nothing.
    loading: loading || (isLost && error !== undefined),
    refresh,
  }
}
