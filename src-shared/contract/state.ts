import type { IdentityId } from '../model/identity.ts'
import type { MeteringUnit, ServiceTypeName } from '../model/proposal.ts'
import type { ConnectionState, ServedSession } from '../model/session.ts'
import type { Amount } from '../model/units.ts'
import type { ClearingPolicy } from './clearing-policy.ts'
import type { ApiState, ProgramView } from './programs.ts'
import type { SettingsState } from './settings.ts'
import type { ShellState } from './shell.ts'

/**
 * The one state tree. The node owns it; every door shows a read-only copy. Deltas replace whole
 * top-level branches, so a branch stays small and what is large (proposals, records) is queried.
 */
export type AppState = {
  network: NetworkState
  identity: IdentityState
  wallet: WalletState
  connection: ConnectionState
  share: ShareState
  settings: SettingsState
  /** Oldest first. */
  programs: readonly ProgramView[]
  /** Of programs; none of this while it is switched off. */
  api: ApiState
  /** In the desktop app only. */
  shell?: ShellState
  /** `revision` moves whenever a query could answer differently. */
  proposals: { count: number; revision: number }
  capabilities: { [type in ServiceTypeName]: { available: boolean; message?: string } }
}

export type NetworkState = {
  name: string
  chainId: number
  /** A local test network: MYST and gas come from a faucet. */
  local: boolean
  chain: 'connecting' | 'syncing' | 'online' | 'unreachable'
  broker: 'connecting' | 'online' | 'unreachable'
  /** The first block of interest: progress is counted from there. */
  startBlock: number
  syncedBlock: number
  headBlock: number
  /** One sentence when something is wrong. */
  message?: string
}

export type IdentityState = {
  /** `backedUpBefore`: a backup was proved, but under a passphrase that was changed since; it opens with that one. */
  all: { id: IdentityId; backedUp: boolean; backedUpBefore?: true }[]
  /** The identity this node acts as; it is unlocked when `unlocked`. */
  active?: IdentityId
  unlocked: boolean
  /** A passphrase is being tried, which takes a moment by design. */
  unlocking?: boolean
  registration: 'unknown' | 'unregistered' | 'registering' | 'registered'
  gasAddress?: string
  /** There where a passphrase can be remembered in the operating system's keychain; whose it holds. */
  keychain?: { remembers?: IdentityId }
}

export type WalletState = {
  /** MYST in the identity's account in the payment contract. */
  balance: Amount
  /** MYST in the gas account, not deposited yet. */
  undeposited: Amount
  /** Wei in the gas account. */
  gas: bigint
  registrationFee: Amount
  networkFeeBps: number
  /** Promised by others, not cleared yet. */
  receivable: Amount
  /** Promised to others, not cleared yet. */
  payable: Amount
  /** Promised, cleared or not, and not used yet: it stays with the providers for the next time. */
  paidAhead: Amount
  /** The most a provider may hold of ours unearned. */
  maxAtRisk: Amount
  withdrawal?: { amount: Amount; to: string; executableAtMs: number }
  /** When promises of others are cleared without being asked. */
  clearingPolicy: ClearingPolicy
  /** Transactions of the usual kind that the gas account can still pay for, at today's price. */
  transactionsLeft?: number
  /** What will be used up first at the present rate of use; missing while there is nothing to tell. */
  runsOutFirst?: 'gas' | 'balance'
  /** The last transaction this node sent for its own wallet, as it goes. */
  transaction?: {
    /** `withdraw` announces a withdrawal, `pay-out` executes it after the notice period. */
    what: 'register' | 'deposit' | 'withdraw' | 'call-off' | 'pay-out' | 'clear' | 'announce'
    state: 'pending' | 'replaced' | 'done' | 'failed'
    hash?: string
    message?: string
  }
}

export type ShareState = {
  state: 'off' | 'starting' | 'on' | 'stopping'
  /** Which start this is of: whoever started one can stop just that, and not what took its place. */
  run: number
  message?: string
  services: {
    type: ServiceTypeName
    serial: number
    state: 'starting' | 'announced' | 'failed'
    /** Where it takes connections. */
    port?: { number: number; protocol: 'udp' | 'tcp' }
    message?: string
  }[]
  /** Whether others can reach this machine, as it was when sharing began or `share.checkReach` was asked. */
  reach?: Reach
  /** What consumers are told to connect to. */
  address?: string
  terms?: ShareTerms
  /** Was shared when the program ended without anybody stopping it, and is not now. */
  interrupted?: ShareTerms
  /** Carried in this calendar month by all sessions, both ways; at the limit they end. */
  volume?: { usedBytes: bigint; limitBytes?: bigint; resetsAtMs: number }
  /** Why nobody is served for now, although sharing is on, and until when. */
  closed?: { reason: 'outside-hours' | 'volume-used-up'; untilMs: number }
  sessions: ServedSession[]
  /** Used by others today (since local midnight), and what is left of what they paid ahead, which they may come back for. */
  earnedToday: Amount
  heldAhead: Amount
  /** Moves, once a second at most, whenever `promises.risk` could answer differently. */
  riskRevision: number
  /** Moves whenever a customer has signed the record of a session that is over: `sessions.list` answers differently. */
  recordsRevision: number
}

/** As far as addresses tell; no port was tried. */
export type Reach = {
  /** `public`: others see an address of this machine; `behind-router`: another one's, which has to pass the ports on. */
  verdict: 'public' | 'behind-router' | 'unknown'
  why?: 'no-probe' | 'no-answer' | 'tunnel' | 'other-family'
  /** This machine's on its way out, and the one that others see. */
  own: string
  seen?: string
  atMs: number
}

export type ShareTerms = {
  services: ServiceTypeName[]
  pricePerUnit: Amount
  unit: MeteringUnit
  country: string
  bandwidthMbps: number
  maxSessions: number
  hours?: string | undefined
  monthlyBytes?: bigint | undefined
  totalBandwidthMbps?: number | undefined
  maxConnections?: number | undefined
  newConnectionsPerSecond?: number | undefined
  allowMail?: boolean | undefined
  /** False: other providers are told nothing of promises, and asked about none. */
  sharePromises?: boolean | undefined
}

/** While nothing changes, a node says this often that it is there. */
export const BEAT_MS = 2_000

/** Numbered one by one from the snapshot on. */
export type StateChange =
  | { kind: 'snapshot'; number: number; state: AppState }
  | { kind: 'delta'; number: number; set: Partial<AppState> }

/**
 * What a door sends. After a gap a page asks for a new snapshot; a beat has the number of the last change, so that a gap
 * shows also while nothing follows it.
 */
export type StateMessage = StateChange | { kind: 'beat'; number: number }
