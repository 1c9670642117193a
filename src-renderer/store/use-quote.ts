import type { CommandInput, CommandOutput } from '#shared/contract/commands.ts'
import { useNode } from './node-context.tsx'
import { type Query, useQuery } from './use-query.ts'

/** What an action will cost, asked again when the input or the money it would take changes. */
export function useQuote(input: CommandInput<'wallet.quote'>): Query<CommandOutput<'wallet.quote'>> {
  const revision = useNode(({ wallet }) =>
    [wallet.gas, wallet.balance, wallet.undeposited, wallet.receivable].join('/'),
  )
  return useQuery('wallet.quote', input, revision)
}
