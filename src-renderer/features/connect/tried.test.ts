import { describe, expect, it } from 'vitest'
import type { ConnectionState } from '#shared/model/session.ts'
import { live, PROPOSALS } from '../../gallery/fixtures.ts'
import type { KnownConnection } from '../../store/use-connection.ts'
import { proposalKey } from './target.ts'
import { triedAfter } from './tried.ts'

const [HERE, THERE] = PROPOSALS.filter(({ serviceType }) => serviceType === 'openvpn')
if (!HERE || !THERE) throw new Error('the fixtures hold two tunnels')
const progress = { step: 'reach-provider' as const, startedAtMs: 0, steps: [] }
const connecting = (proposal: typeof HERE): ConnectionState => ({ name: 'connecting', proposal, ...progress })
const connected = (proposal: typeof HERE): ConnectionState => ({
  name: 'connected',
  proposal,
  live: live(0),
  steps: [],
})
const failed: ConnectionState = { name: 'disconnected', last: { step: 'reach-provider', message: '', paid: 0n } }
const ended: ConnectionState = { name: 'disconnected', last: { end: 'consumer-closed', message: '', paid: 0n } }

const triedIn = (...states: KnownConnection[]): string[] => {
  let tried: ReadonlySet<string> = new Set()
  for (const [at, state] of states.entries()) tried = triedAfter(tried, states[at - 1] ?? state, state)
  return [...tried]
}

describe('what was tried', () => {
  it('is every offer at which an attempt failed', () => {
    expect(triedIn(connecting(HERE), failed)).toEqual([proposalKey(HERE)])
    expect(triedIn(connecting(HERE), connecting(THERE), failed)).toEqual([proposalKey(HERE), proposalKey(THERE)])
    expect(triedIn(connecting(HERE), failed, connecting(THERE), connected(THERE))).toEqual([])
  })

  it('is not the one that worked and that the person left', () => {
    const left: ConnectionState[] = [connected(HERE), { name: 'disconnecting', proposal: HERE }, ended]
    expect(triedIn(...left)).toEqual([])
    expect(triedIn(...left, connecting(THERE), failed)).toEqual([proposalKey(THERE)])
  })

  it('is not one at which the person cancelled', () => {
    expect(triedIn(connecting(HERE), { name: 'disconnecting', proposal: HERE }, ended)).toEqual([])
  })
})
