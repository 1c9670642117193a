import type { ProposalView } from '#shared/contract/answers.ts'
import type { CommandInput } from '#shared/contract/commands.ts'
import type { AppState } from '#shared/contract/state.ts'
import { isReplaceable } from '#shared/model/session.ts'
import { m } from '../../messages/index.ts'
import { type Filters, toQuery } from './filters.ts'

/** What a person is about to pay for: one offer, or the best of a list; `instead`: in the place of the session that runs. */
export type Target = {
  kind: 'one' | 'quick'
  first: ProposalView
  candidates: readonly ProposalView[]
  instead?: boolean
}

export function proposalKey(proposal: Pick<ProposalView, 'provider' | 'serial' | 'serviceType'>): string {
  return `${proposal.provider}/${proposal.serial}/${proposal.serviceType}`
}

/** What decides which offers can be connected to. */
export type Means = Pick<AppState, 'capabilities'> & {
  /** What lets nothing out beside a tunnel: one that stands, or one that is gone. */
  guard: 'tunnel' | 'block' | undefined
  /** The key of the offer that one is connected through. */
  inUse?: string | undefined
}

export function usable(proposal: ProposalView, means: Means): boolean {
  return !proposal.own && isPossible(proposal.serviceType, means)
}

/** Behind the guard nobody reaches a proxy. */
function isPossible(type: ProposalView['serviceType'], { capabilities, guard }: Means): boolean {
  return capabilities[type].available && !(guard && type === 'socks')
}

/** Why nobody connects to it now; undefined: one can. */
export function whyNot(proposal: ProposalView, means: Means): string | undefined {
  return proposalKey(proposal) === means.inUse ? m.confirm.inUse : whyNone(proposal.serviceType, means)
}

/** Why nobody connects to any offer of a service now. */
export function whyNone(serviceType: ProposalView['serviceType'], means: Means): string | undefined {
  if (isPossible(serviceType, means)) return undefined
  if (!means.capabilities[serviceType].available) return m.confirm.unavailable(m.service[serviceType])
  return means.guard === 'tunnel' ? m.confirm.proxyBehindVpn : m.confirm.blockedProxy
}

/** From these states a person can connect, from others to something else instead; the rest have to end first. */
export function canConnect(connection: AppState['connection']['name'], instead = false): boolean {
  return instead ? isReplaceable({ name: connection }) : connection === 'disconnected' || connection === 'blocked'
}

/**
 * Quick connect means one kind of service: the chosen one, else a VPN if there is any. Otherwise
 * somebody who expects a tunnel could end up with a proxy because it was cheaper.
 */
export function quickTarget(proposals: readonly ProposalView[], means: Means): Target | undefined {
  const all = proposals.filter((proposal) => usable(proposal, means))
  const tunnels = all.filter(({ serviceType }) => serviceType === 'openvpn')
  const candidates = tunnels.length > 0 ? tunnels : all
  const first = candidates[0]
  return first && { kind: 'quick', first, candidates }
}

/** The first offer that was not tried since the last success. */
export function nextTarget(
  proposals: readonly ProposalView[],
  means: Means,
  tried: ReadonlySet<string>,
  like: ProposalView['serviceType'] | undefined,
): Target | undefined {
  const first = proposals.find(
    (proposal) =>
      usable(proposal, means) && !tried.has(proposalKey(proposal)) && (!like || proposal.serviceType === like),
  )
  return first && { kind: 'one', first, candidates: [first] }
}

/** The command's input. With search words the node cannot know the list, so it gets the one offer. */
export function connectInput(target: Target, filters: Filters): CommandInput<'connection.connect'> {
  const { provider, serial, serviceType } = target.first
  const { instead = false } = target
  if (target.kind === 'one' || filters.search.trim() !== '') return { provider, serial, serviceType, instead }
  return {
    instead,
    ...toQuery(filters),
    serviceType,
    ...(filters.country && { originCountry: filters.country }),
  }
}
