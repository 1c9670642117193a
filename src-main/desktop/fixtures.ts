import { DEFAULT_SETTINGS } from '#shared/contract/settings.ts'
import type { AppState } from '#shared/contract/state.ts'
import type { Proposal } from '#shared/model/proposal.ts'

/** States to test with: nothing going on, and connected. */
export const proposal: Proposal = {
  formatVersion: 1,
  provider: '0x00000000000000000000000000000000000000aa',
  serial: 1,
  serviceType: 'socks',
  serviceLocation: { country: 'NL' },
  originLocation: { country: 'NL' },
  bandwidthMbps: 100,
  unit: 'GiB',
  pricePerUnit: 1n,
  contacts: [],
}
export const baseState: AppState = {
  network: {
    name: 'x',
    chainId: 1,
    local: true,
    chain: 'online',
    broker: 'online',
    startBlock: 0,
    syncedBlock: 1,
    headBlock: 1,
  },
  identity: { all: [], unlocked: true, registration: 'registered' },
  wallet: {
    balance: 0n,
    undeposited: 0n,
    gas: 0n,
    registrationFee: 0n,
    networkFeeBps: 0,
    receivable: 0n,
    payable: 0n,
    paidAhead: 0n,
    maxAtRisk: 0n,
    clearingPolicy: { atOnce: false, threshold: 0n, maxAgeMs: 0 },
  },
  connection: { name: 'disconnected' },
  share: {
    run: 0,
    state: 'off',
    services: [],
    sessions: [],
    earnedToday: 0n,
    heldAhead: 0n,
    riskRevision: 0,
    recordsRevision: 0,
  },
  settings: { ...DEFAULT_SETTINGS, problems: {} },
  programs: [],
  api: {},
  proposals: { count: 0, revision: 0 },
  capabilities: { openvpn: { available: false }, socks: { available: true } },
}
export const connectedState: AppState = {
  ...baseState,
  connection: {
    name: 'connected',
    proposal,
    steps: [],
    live: {
      sessionId: 's',
      provider: proposal.provider,
      startedAtMs: 0,
      exit: { address: '203.0.113.10', country: 'NL' },
      bytesUp: 0n,
      bytesDown: 0n,
      metered: { cost: 0n, bytesUp: 0n, bytesDown: 0n, durationMs: 0 },
      cost: 0n,
      leftover: 0n,
      promised: 0n,
      rateBps: { up: 0, down: 0 },
    },
  },
}
