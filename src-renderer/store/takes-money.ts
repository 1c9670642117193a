import type { AppState } from '#shared/contract/state.ts'

/**
 * Whether anybody may be asked for money: there is a network, it answers, it told what registering costs and whether that
 * is done. Before, an address to pay to would be a guess.
 */
export function takesMoney({ network, identity, wallet }: Pick<AppState, 'network' | 'identity' | 'wallet'>): boolean {
  // `transactionsLeft` comes with all the other figures that were read from the chain.
  const isRead = identity.registration !== 'unknown' && wallet.transactionsLeft !== undefined
  return hasNetwork({ network }) && network.chain !== 'unreachable' && isRead
}

/** Whether a network was chosen when the app was started. */
export function hasNetwork({ network }: Pick<AppState, 'network'>): boolean {
  return network.name !== ''
}
