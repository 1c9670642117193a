import { useRef } from 'react'
import type { ProposalView } from '#shared/contract/answers.ts'
import { proposalKey } from './target.ts'

/**
 * The list in the order in which it stood, so that no row moves away from under the pointer when a star, or an attempt,
 * changes its rank. Asked for anew with another `question`, or at the next visit, it has the node's order.
 */
export function useSteady(found: readonly ProposalView[], question: string): readonly ProposalView[] {
  const last = useRef({ question, found, shown: found })
  if (last.current.question !== question) last.current = { question, found, shown: found }
  else if (last.current.found !== found) {
    last.current = { question, found, shown: inPlace(last.current.shown, found) }
  }
  return last.current.shown
}

/** `found` in the order of `shown`; what is new comes after what it follows in `found`. */
export function inPlace(shown: readonly ProposalView[], found: readonly ProposalView[]): ProposalView[] {
  const known = new Set(shown.map(proposalKey))
  const fresh = new Map<string, ProposalView>()
  const followers = new Map<string, ProposalView[]>([['', []]])
  let after = ''
  for (const proposal of found) {
    const key = proposalKey(proposal)
    if (known.has(key)) {
      fresh.set(key, proposal)
      followers.set(key, [])
      after = key
    } else followers.get(after)?.push(proposal)
  }
  const first = followers.get('') ?? []
  return shown.reduce((all, before) => {
    const key = proposalKey(before)
    const now = fresh.get(key)
    if (now) all.push(now, ...(followers.get(key) ?? []))
    return all
  }, first)
}
