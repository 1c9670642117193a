import type { CommandInput, ProposalView } from '#shared/contract/commands.ts'
import type { AppState } from '#shared/contract/state.ts'
import { type Filters, toQuery } from './filters.ts'

/** What a person is about to pay for: one offer, or the best of a list. */
export type Target = { kind: 'one' | 'quick'; first: ProposalView; candidates: readonly ProposalView[] }

export function proposalKey(proposal: Pick<ProposalView, 'provider' | 'serial' | 'serviceType'>): string {
  return `${proposal.provider}/${proposal.serial}/${proposal.serviceType}`
}

export function usable(proposal: ProposalView, capabilities: AppState['capabilities']): boolean {
  return !proposal.own && capabilities[proposal.serviceType].available
}

/** From these states a person can connect; the others have to end first. */
export function canConnect(connection: AppState['connection']['name']): boolean {
  return connection === 'disconnected' || connection === 'blocked'
}

/**
 * Quick connect means one kind of service: the chosen one, else a VPN if there is any. Otherwise
 * somebody who expects a tunnel could end up with a proxy because it was cheaper.
 */
export function quickTarget(
  proposals: readonly ProposalView[],
  capabilities: AppState['capabilities'],
): Target | undefined {
  const all = proposals.filter((proposal) => usable(proposal, capabilities))
  const tunnels = all.filter(({ serviceType }) => serviceType === 'openvpn')
  const candidates = tunnels.length > 0 ? tunnels : all
  const first = candidates[0]
  return first && { kind: 'quick', first, candidates }
}

/** The first offer that was not tried since the last success. */
export function nextTarget(
  proposals: readonly ProposalView[],
  capabilities: AppState['capabilities'],
  tried: ReadonlySet<string>,
  like: ProposalView['serviceType'] | undefined,
): Target | undefined {
  const first = proposals.find(
    (proposal) =>
      usable(proposal, capabilities) && !tried.has(proposalKey(proposal)) && (!like || proposal.serviceType === like),
  )
  return first && { kind: 'one', first, candidates: [first] }
}

/** The command's input. With search words the node cannot know the list, so it gets the one offer. */
export function connectInput(target: Target, filters: Filters): CommandInput<'connection.connect'> {
  const { provider, serial, serviceType } = target.first
  if (target.kind === 'one' || filters.search.trim() !== '') return { provider, serial, serviceType }
  return {
    ...toQuery(filters),
    serviceType,
    ...(filters.country && { originCountry: filters.country }),
  }
}
