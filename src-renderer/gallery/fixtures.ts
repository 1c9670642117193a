import type {
  DayOfEarnings,
  FeeQuote,
  PromiseView,
  ProposalView,
  RiskView,
  WalletEntry,
} from '#shared/contract/answers.ts'
import type { CommandInput } from '#shared/contract/commands.ts'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import { DEFAULT_SETTINGS } from '#shared/contract/settings.ts'
import type { AppState } from '#shared/contract/state.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { LiveSession, ServedSession } from '#shared/model/session.ts'
import { MYST } from '#shared/model/units.ts'

/** The same noise on every run, so that two pictures of a scene can be compared. */
export function seeded(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function fixtureId(seed: number): IdentityId {
  const random = seeded(seed * 7919 + 13)
  let hex = ''
  for (let digit = 0; digit < 40; digit += 1) hex += Math.floor(random() * 16).toString(16)
  return `0x${hex}`
}

export const ME = fixtureId(1)
const HEAD = 284_913
export const COUNTRIES = 'DE NL US GB SE CH JP BR ZA IN SG FR PL CA AU ES IT FI RO AR MX KE ID UA TR'.split(' ')

export const PROPOSALS: ProposalView[] = Array.from({ length: 137 }, (_, index) => {
  const random = seeded(index + 11)
  const country = COUNTRIES[Math.floor(random() ** 1.6 * COUNTRIES.length)] ?? 'DE'
  const byHour = random() < 0.2
  const sessions = random() < 0.35 ? Math.ceil(random() * 14) : 0
  const proposal: ProposalView = {
    formatVersion: 1,
    provider: index === 9 ? ME : fixtureId(index + 100),
    serial: index === 9 ? 4 : index,
    serviceType: random() < 0.72 ? 'openvpn' : 'socks',
    serviceLocation: { country },
    originLocation: { country },
    bandwidthMbps: [10, 20, 50, 100, 250, 1000][Math.floor(random() * 6)] ?? 50,
    unit: byHour ? 'hour' : 'GiB',
    pricePerUnit: (BigInt(Math.round(8 + index * 1.3 + random() * 4)) * MYST) / 1000n,
    contacts: [],
    blockNumber: HEAD - Math.floor(random() * 40_000),
    expiresAtBlock: HEAD + 20_000,
    preferred: index < 2,
    own: index === 9,
    experience: {
      sessions,
      failures: sessions > 3 && random() < 0.4 ? 1 : 0,
      ...(sessions > 0 && { lastConnectMs: Math.round(900 + random() * 4000) }),
      ...(index === 3 && {
        misconduct: { kind: 'inflated-metering' as const, atMs: 0, count: 2, lost: MYST / 40n },
      }),
    },
  }
  return proposal
})

const OFFER = PROPOSALS.find(({ serviceType, unit }) => serviceType === 'openvpn' && unit === 'GiB')
if (!OFFER) throw new Error('the fixtures hold no tunnel')
export const CHOSEN: ProposalView = OFFER

export function live(now: number): LiveSession {
  return {
    sessionId: 'fixture-session',
    provider: CHOSEN.provider,
    startedAtMs: now - 2_553_000,
    exit: { address: '203.0.113.74', country: CHOSEN.originLocation.country, isProviders: true },
    bytesUp: 118_400_000n,
    bytesDown: 2_413_900_000n,
    metered: { cost: (22n * MYST) / 1000n, bytesUp: 118_100_000n, bytesDown: 2_409_200_000n, durationMs: 2_545_000 },
    cost: (22_043n * MYST) / 1_000_000n,
    leftover: (2n * MYST) / 100n,
    promised: (42n * MYST) / 1000n,
    rateBps: { down: 18_700_000, up: 960_000 },
  }
}

export const READY: AppState = {
  network: {
    name: 'Local test network',
    chainId: 31_337,
    local: true,
    chain: 'online',
    broker: 'online',
    startBlock: 0,
    syncedBlock: HEAD,
    headBlock: HEAD,
  },
  identity: {
    all: [{ id: ME, backedUp: true }],
    active: ME,
    unlocked: true,
    registration: 'registered',
    gasAddress: '0x8f3a1c20b4de95f07c6e8a2b1d4f60e7a9c3b581',
  },
  wallet: {
    balance: (18_437n * MYST) / 1000n,
    undeposited: 5n * MYST,
    gas: (87n * MYST) / 1000n,
    registrationFee: 10n * MYST,
    networkFeeBps: 75,
    receivable: (1_284n * MYST) / 1000n,
    payable: (63n * MYST) / 1000n,
    paidAhead: (24n * MYST) / 1000n,
    maxAtRisk: MYST / 10n,
    transactionsLeft: 412,
    clearingPolicy: { atOnce: false, threshold: MYST, maxAgeMs: 86_400_000 },
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
  proposals: { count: PROPOSALS.length, revision: 1 },
  capabilities: { openvpn: { available: true }, socks: { available: true } },
}

/** A name that a program may have. */
export const HOSTILE = '<img src=x onerror="document.title=1">'

/** As the node makes them; this one opens nothing. */
export const KEY = 'myst_8r1xS0m3Th1ngR4nd0m0f32Byt3sW0uldB3H3r3-Fi4f2a'

const { transactionsLeft: _some, ...PURSE } = READY.wallet
/** Nobody yet; then somebody without a backup; then with one, and not registered. */
export const NOBODY: AppState = {
  ...READY,
  // Nobody is let in without being registered, so nobody asks.
  network: { ...READY.network, broker: 'connecting' },
  identity: { all: [], unlocked: false, registration: 'unknown' },
  wallet: { ...PURSE, balance: 0n, undeposited: 0n, gas: 0n, receivable: 0n, payable: 0n, paidAhead: 0n },
}
export const NEW: AppState = {
  ...NOBODY,
  identity: { ...READY.identity, all: [{ id: ME, backedUp: false }], registration: 'unregistered' },
  wallet: { ...NOBODY.wallet, transactionsLeft: 0 },
}
export const SAFE: AppState = { ...NEW, identity: { ...NEW.identity, all: [{ id: ME, backedUp: true }] } }
/** The same as a node without a network file has it: nothing was ever read. */
export const NO_NETWORK: AppState = {
  ...SAFE,
  network: {
    ...{ name: '', chainId: 0, local: false, chain: 'unreachable', broker: 'connecting' },
    ...{ startBlock: 0, syncedBlock: 0, headBlock: 0 },
    message: 'No network is chosen; name one with --network FILE.',
  },
  identity: { ...SAFE.identity, registration: 'unknown' },
  wallet: { ...NOBODY.wallet, registrationFee: 0n },
  proposals: { count: 0, revision: 0 },
}

/** As it stands at the start: of a locked identity's money and registration nothing is known. */
export const LOCKED: AppState = { ...NOBODY, identity: { ...NOBODY.identity, all: READY.identity.all } }

export const NETWORK: NetworkFile = {
  name: READY.network.name,
  chainId: READY.network.chainId,
  rpc: ['http://127.0.0.1:8545', 'https://chain.example'],
  contracts: {
    token: fixtureId(1_001),
    identityRegistry: fixtureId(1_002),
    serviceDirectory: fixtureId(1_003),
    paymentAccounts: fixtureId(1_004),
  },
  startBlock: 0,
  brokers: ['mqtt://127.0.0.1:1883'],
  probes: ['http://198.51.100.200/ip'],
  local: true,
}

export const DIAGNOSTICS = `Mysterium diagnostics, 2026-03-14 15:09 UTC

program
  version: 0.1.0
  desktop app: no
  node: 24.21.0
  minutes since start: 42

computer
  system: linux, 6.1.0, x64
  openvpn can be used: yes
  socks can be used: yes
  helper gets its rights as: prompt
  tun device: yes
  programs found: openvpn, nft, ip, tc, setpriv, pkexec
  programs missing: none

network
  chosen: yes
  chain id: 31337
  chain: online
  head block: 284913
  blocks behind: 0
  broker: online
  offers: 137

ends of the last sessions
  bought: consumer-closed 12, tunnel-failed 2, open 1
  sold: consumer-closed 5

log
  2026-03-14T14:27:02.114Z info node: connected to the broker
  2026-03-14T14:51:40.871Z info node: […] did not work at reach-provider: The provider does not answer; it may be offline.
  2026-03-14T15:02:11.405Z warn openvpn: connect ECONNREFUSED […]
`

export function promises(now: number): PromiseView[] {
  return Array.from({ length: 7 }, (_, index) => ({
    direction: index % 3 === 0 ? ('given' as const) : ('received' as const),
    peer: fixtureId(index + 300),
    serial: BigInt(index + 1),
    amount: (BigInt(index * 137 + 41) * MYST) / 1000n,
    state: index < 4 ? ('open' as const) : index === 4 ? ('clearing' as const) : ('cleared' as const),
    updatedAtMs: now - index * 7_400_000,
    signature: `0x${'1b'.repeat(65)}`,
  }))
}

/** Of each who is connected another verdict, and two who are not. */
export function risks(now: number, sessions: readonly ServedSession[]): RiskView[] {
  const verdicts = ['covered', 'near-limit', 'not-covered', 'at-limit', 'unknown'] as const
  const clearings = ['waiting', 'withdrawal-announced', 'balance-at-risk', 'credit-used-up', 'costs-more'] as const
  const peers = [...sessions.map(({ consumer }) => consumer), fixtureId(301), fixtureId(302)].slice(0, 5)
  return peers.map((issuer, index): RiskView => {
    const at = index + (sessions.length > 0 ? 0 : 3)
    const outstandingHere = (BigInt([140, 390, 310, 920, 14][at] ?? 50) * MYST) / 1000n
    const balance = (BigInt([8_200, 430, 250, 6_000, 700][at] ?? 900) * MYST) / 1000n
    const outstandingElsewhere = (BigInt([0, 0, 620, 35, 0][at] ?? 0) * MYST) / 1000n
    return {
      ...{
        issuer,
        balance,
        registeredValue: 10n * MYST,
        outstandingHere,
        outstandingElsewhere,
        promises: 1 + (at % 2),
      },
      ...{ uncovered: 0n, isBalanceKnown: at !== 4, verdict: verdicts[at] ?? 'covered' },
      ...{ exposure: balance - outstandingHere - outstandingElsewhere, credit: MYST / 2n, clearedHere: 0n },
      ...{ clearedInAll: 0n, oldestPromiseAtMs: now - 7_200_000, withdrawalAnnounced: at === 1, clearingGas: 1n },
      ...(at === 0 && { dueAtMs: now + 79_200_000 }),
      clearing: clearings[at] ?? 'waiting',
    }
  })
}

export function quote({ what, amount = 0n }: CommandInput<'wallet.quote'>): FeeQuote {
  const moved = what === 'clear' ? READY.wallet.receivable : amount
  const fee = what === 'clear' ? (moved * BigInt(READY.wallet.networkFeeBps)) / 10_000n : 0n
  const notice = what === 'withdraw' && { noticeMs: 3 * 86_400_000 }
  return {
    gas: 3n * 10n ** 14n,
    maxGas: 7n * 10n ** 14n,
    gasAvailable: READY.wallet.gas,
    fee,
    amount: moved,
    ...notice,
  }
}

const KINDS = ['earned', 'paid', 'deposit', 'withdrawn', 'withdrawal-announced', 'withdrawal-called-off'] as const

/** Of the last one the time is not known yet. */
export function history(now: number): WalletEntry[] {
  return Array.from({ length: 14 }, (_, index): WalletEntry => {
    const random = seeded(index + 41)
    const kind = KINDS[Math.floor(random() ** 1.5 * KINDS.length)] ?? 'deposit'
    return {
      kind,
      amount: (BigInt(Math.round(random() * 4_000) + 30) * MYST) / 1000n,
      ...(kind === 'deposit' ? {} : { counterparty: fixtureId(index + 600) }),
      blockNumber: HEAD - index * 971 - 12,
      ...(index < 13 && { atMs: now - index * 11_700_000 - 144_000 }),
      transaction: `0x${fixtureId(index + 800).slice(2)}${fixtureId(index + 850).slice(18)}`,
    }
  })
}

/** A week that was better than the one before, and a clearing every other day or so. */
export function earnings(now: number, days: number, empty = false): DayOfEarnings[] {
  const random = seeded(17)
  let waiting = 0n
  return Array.from({ length: days }, (_, index) => {
    const earned = empty || random() < 0.12 ? 0n : (BigInt(Math.round((random() + index / days) * 300)) * MYST) / 1000n
    waiting += earned
    const cleared = waiting >= MYST && index < days - 1 ? (waiting * 9_925n) / 10_000n : 0n
    if (cleared > 0n) waiting = 0n
    const at = new Date(now - (days - 1 - index) * 86_400_000)
    return { day: at.toISOString().slice(0, 10), earned, cleared }
  })
}
