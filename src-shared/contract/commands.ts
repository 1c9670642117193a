import { z } from 'zod'
import type { IdentityId } from '../model/identity.ts'
import { identityId } from '../model/identity.ts'
import type { MisconductKind } from '../model/misconduct.ts'
import type { Proposal } from '../model/proposal.ts'
import type { ConnectionState, SessionRecord } from '../model/session.ts'
import { HOURS_HINT, parseHours } from '../model/share-hours.ts'
import type { Amount } from '../model/units.ts'
import { ethereumAddress } from './ethereum-address.ts'
import { country, unit } from './fields.ts'
import type { NetworkFile } from './network-file.ts'
import { programId, programTerms } from './programs.ts'
import { settings } from './settings.ts'
import { shellSettings, updateStep } from './shell.ts'
import type { AppState, Reach } from './state.ts'

/**
 * Everything a person or a program can ask of the node, once. IPC, HTTP, the command line, the
 * renderer's bridge and the API documentation derive from this value. Input is parsed at the door.
 */
type Command<Input extends z.ZodType, Output> = { input: Input; readonly output?: Output }

function command<Input extends z.ZodType>(input: Input) {
  return { returns: <Output>(): Command<Input, Output> => ({ input }) }
}

const amount = z
  .bigint('an amount is a whole number of base units of MYST')
  .min(0n, 'an amount cannot be negative')
  .max(2n ** 128n, 'this is more MYST than there can be')
const paid = amount.min(1n, 'the amount must be above 0 MYST')
const passphrase = z.string().min(1).max(1024)
/** In the operating system's keychain, where `state.identity.keychain` is there. `false` forgets. */
const remember = z.boolean().optional()
const keystoreText = z.string().max(16_384)
const serviceType = z.enum(['openvpn', 'socks'])
const port = z.number().int().min(1).max(65_535)
const nothing = z.object({})
const timeZone = z.string().max(64).refine(isTimeZone, 'a time zone is a name such as Europe/Berlin')

export const proposalFilter = z.object({
  provider: identityId.optional(),
  serial: z.number().int().min(0).optional(),
  serviceType: serviceType.optional(),
  country: country.optional(),
  originCountry: country.optional(),
  unit: unit.optional(),
  maxPricePerUnit: amount.optional(),
  minBandwidthMbps: z.number().min(0).optional(),
  sort: z.enum(['price', 'experience']).optional(),
  limit: z.number().int().min(1).max(10_000).optional(),
})

/** Whichever comes first. An early clearing because of risk happens under every policy. */
export const clearingPolicy = z.object({
  /** As soon as a promise is accepted; every clearing costs gas. */
  atOnce: z.boolean(),
  /** When a peer's uncleared promises reach this much; 0 switches it off. */
  threshold: amount,
  /** When the oldest of a peer's uncleared promises is so old; 0 switches it off. */
  maxAgeMs: z
    .number()
    .int()
    .min(0)
    .max(365 * 86_400_000),
})
export type ClearingPolicy = z.output<typeof clearingPolicy>

export const commands = {
  'identity.create': command(z.object({ passphrase, remember })).returns<{ id: IdentityId }>(),
  /** A file that has no gas account (another tool's, or an old backup) gets a new one. */
  'identity.import': command(z.object({ keystore: keystoreText, passphrase, remember })).returns<{
    id: IdentityId
    gasAccount: 'restored' | 'new'
  }>(),
  /** The keystore file's text, encrypted as it rests: the identity and its gas account. */
  'identity.export': command(z.object({ id: identityId })).returns<{ keystore: string; fileName: string }>(),
  /** Opens a backup again; only then does the identity count as backed up. */
  'identity.proveBackup': command(z.object({ keystore: keystoreText, passphrase })).returns<{ id: IdentityId }>(),
  'identity.unlock': command(z.object({ id: identityId, passphrase, remember })).returns<{ id: IdentityId }>(),
  /** Rejects unless the passphrase opens the identity in use, or one of this node's where none is; changes nothing. */
  'identity.check': command(z.object({ passphrase })).returns<null>(),
  /** Of the identity and its gas account. Backups made before keep the old one, so a new one has to be proved. */
  'identity.changePassphrase': command(z.object({ id: identityId, old: passphrase, new: passphrase })).returns<{
    id: IdentityId
  }>(),
  /** The passphrase that was remembered. */
  'identity.forget': command(nothing).returns<null>(),
  /** Of any identity, one's own or not, as the chain has it. */
  'identity.status': command(z.object({ id: identityId })).returns<{
    registration: 'unregistered' | 'registered'
    balance: Amount
  }>(),
  'identity.register': command(nothing).returns<Sent>(),
  /** Local network only: MYST and gas for the gas account. */
  'wallet.faucet': command(z.object({ amount: paid })).returns<{ undeposited: Amount }>(),
  /** Refused before a backup of the identity was proved, unless `withoutBackup` says that this is meant. */
  'wallet.deposit': command(z.object({ amount: paid, withoutBackup: z.boolean().optional() })).returns<Sent>(),
  /** Announces a withdrawal; it is executed by the node after the notice period. It takes the place of one before. */
  'wallet.withdraw': command(z.object({ amount: paid, to: ethereumAddress })).returns<
    Sent & { executableAtMs: number }
  >(),
  /** The announced withdrawal is paid out no more; costs gas. */
  'wallet.callOff': command(nothing).returns<Sent>(),
  /** What an action will cost, before anything is signed. `clear` takes `peer`, or means everything that can be. */
  'wallet.quote': command(
    z.object({
      what: z.enum(['register', 'deposit', 'withdraw', 'call-off', 'clear']),
      amount: amount.optional(),
      peer: identityId.optional(),
    }),
  ).returns<FeeQuote>(),
  /** What moved in the account, rebuilt from the chain, newest first. */
  'wallet.history': command(
    z.object({ limit: z.number().int().min(1).max(1000).optional(), beforeBlock: z.number().int().min(0).optional() }),
  ).returns<WalletEntry[]>(),
  'proposals.query': command(proposalFilter).returns<ProposalView[]>(),
  'proposals.prefer': command(z.object({ provider: identityId, preferred: z.boolean() })).returns<null>(),
  /**
   * Resolves when the attempt started; progress and result are in `state.connection`. `instead`: in the place of the
   * session that runs; nothing is let out in between.
   */
  'connection.connect': command(
    proposalFilter.extend({ socksPort: port.optional(), instead: z.boolean().optional() }),
  ).returns<null>(),
  /** Resolves when everything is taken down, with how things are then: a node that ran for this alone is gone a moment later. */
  'connection.disconnect': command(nothing).returns<ConnectionState>(),
  /** Ends whatever runs and lets everything out again. Lockdown would block on, so it is switched off first. */
  'connection.restore': command(nothing).returns<ConnectionState>(),
  /** `SocksPortTaken` when another program has the port, `TooManyPrograms`. */
  'programs.add': command(programTerms).returns<{ id: string }>(),
  /** What is named changes; a wish that is null is taken back. A connection that stands keeps its terms, not its budget. */
  'programs.change': command(programTerms.partial().extend({ id: programId })).returns<null>(),
  /** Ends its connection and its key. */
  'programs.remove': command(z.object({ id: programId })).returns<null>(),
  /** The only time the key is told; the one before ends at once. */
  'programs.newKey': command(z.object({ id: programId })).returns<{ key: string }>(),
  'programs.dropKey': command(z.object({ id: programId })).returns<null>(),
  /** Resolves when the attempt started; progress and result are in its `connection`. `BudgetUsedUp`, `NoProposal`, … */
  'programs.connect': command(z.object({ id: programId })).returns<null>(),
  'programs.disconnect': command(z.object({ id: programId })).returns<null>(),
  /** What is named changes and is kept; resolves when it is in effect, also for a connection that stands. */
  'settings.set': command(settings.partial()).returns<null>(),
  /** The network this node is part of, addresses without what may be a credential in them; null without one. */
  'network.file': command(nothing).returns<NetworkFile | null>(),
  /** In the desktop app only. */
  'shell.set': command(shellSettings).returns<null>(),
  /** Takes one step of an update; the system's own dialog asks before anything is downloaded or installed. */
  'shell.update': command(updateStep).returns<null>(),
  'share.start': command(
    z.object({
      services: z.array(serviceType).min(1),
      pricePerUnit: amount,
      unit,
      country,
      bandwidthMbps: z.number().min(0.1).max(100_000),
      maxSessions: z.number().int().min(1).max(250),
      /** Local time, "08:00-23:00", also over midnight; at other times nobody is served. Absent: always. */
      hours: z
        .string()
        .max(11)
        .refine((text) => parseHours(text) !== undefined, HOURS_HINT)
        .optional(),
      /** Bytes of all sessions together, both ways, in a calendar month; then nobody is served until the next. */
      monthlyBytes: z
        .bigint()
        .min(1n, 'the monthly volume must be above 0')
        .max(2n ** 60n)
        .optional(),
      /** Of all sessions together, each way; `bandwidthMbps` is per session. */
      totalBandwidthMbps: z.number().min(0.1, 'all sessions together get at least 0.1 Mbit/s').max(100_000).optional(),
      /** Of one session: open at once, and new per second. */
      maxConnections: z.number().int().min(1, 'a session needs at least one connection').max(65_535).optional(),
      newConnectionsPerSecond: z.number().int().min(1).max(10_000).optional(),
      /** True: mail ports (25, 465, 587) are open; others may then send mail in one's own name. */
      allowMail: z.boolean().optional(),
      /** False: other providers are told nothing of promises, and asked about none (whitepaper 6.5.6). */
      sharePromises: z.boolean().optional(),
    }),
  ).returns<null>(),
  /** Asks a probe of the network, outside of any tunnel, for one's own address; also before sharing. In `state.share.reach`. */
  'share.checkReach': command(nothing).returns<Reach>(),
  'share.stop': command(nothing).returns<null>(),
  'sessions.list': command(z.object({ limit: z.number().int().min(1).max(1000).optional() })).returns<
    SessionRecord[]
  >(),
  /** What others promised and what was cleared, by calendar day of a time zone; every day up to today, oldest first. */
  'earnings.daily': command(z.object({ days: z.number().int().min(1).max(90), timeZone })).returns<DayOfEarnings[]>(),
  'promises.list': command(nothing).returns<PromiseView[]>(),
  /**
   * Clears what others promised; without `peer` everything that can be. One bad promise does not stop the rest.
   * `acceptLess`: takes what is in the issuer's account when that is less than promised; the difference is lost.
   */
  'promises.clear': command(z.object({ peer: identityId.optional(), acceptLess: z.boolean().optional() })).returns<
    ClearResult[]
  >(),
  /** When promises of others are cleared without being asked. Kept across restarts; shown in `state.wallet`. */
  'promises.setPolicy': command(clearingPolicy).returns<null>(),
  /**
   * Every issuer that promised something that is not cleared, and these peers whether or not they did: what each has,
   * owes and has paid (whitepaper 6.5.6). `state.share.riskRevision` moves when the answer may be another.
   */
  'promises.risk': command(z.object({ peers: z.array(identityId).max(250).optional() })).returns<RiskView[]>(),
  /**
   * What somebody who helps needs to know, in English, without what tells who or where a person is (see `docs/security.md`).
   * It leaves this computer only by the person's own hand.
   */
  'diagnostics.read': command(nothing).returns<{ text: string; fileName: string }>(),
  'state.get': command(nothing).returns<AppState>(),
} as const

export type Commands = typeof commands
export type CommandName = keyof Commands
export type CommandInput<Name extends CommandName> = z.input<Commands[Name]['input']>
export type CommandParsed<Name extends CommandName> = z.output<Commands[Name]['input']>
export type CommandOutput<Name extends CommandName> =
  | NonNullable<Commands[Name]['output']>
  | Extract<Commands[Name]['output'], null>

/** What the node implements and every door calls. */
export type Handlers = { [Name in CommandName]: (input: CommandParsed<Name>) => Promise<CommandOutput<Name>> }

export type ProposalView = Proposal & {
  blockNumber: number
  expiresAtBlock: number
  preferred: boolean
  own: boolean
  experience: {
    sessions: number
    failures: number
    lastConnectMs?: number
    /** The last attempt failed, within a day and since it announced: it stands behind the others of its rank. */
    failedLast?: boolean
    /** What it did that it must not: the gravest kind, and of all kinds the last time, how often, how much was lost. */
    misconduct?: { kind: MisconductKind; atMs: number; count: number; lost: Amount }
  }
}

export type PromiseView = {
  direction: 'given' | 'received'
  peer: IdentityId
  serial: bigint
  amount: Amount
  state: 'open' | 'clearing' | 'cleared'
  updatedAtMs: number
  /** The issuer's; the contract takes a promise with it and the benefiter's own. */
  signature: string
}

/**
 * One calendar day (`2026-03-29`). `promised`: accepted that day, cleared or not. `cleared`: what the chain moved to
 * this identity, less the network's fee, on the day this node learned of it.
 */
export type DayOfEarnings = { day: string; promised: Amount; cleared: Amount }

/** A transaction that was mined, and the wei it took. */
export type Sent = { transaction: string; gasPaid: bigint }

/** Fees of an action. Gas in wei of ether, everything else in MYST base units. */
export type FeeQuote = {
  /** At today's price of gas, and the most that can be taken. */
  gas: bigint
  maxGas: bigint
  /** What the gas account holds. */
  gasAvailable: bigint
  /** Registration fee, or the network's share of what is cleared; zero otherwise. */
  fee: Amount
  /** What moves: deposited, withdrawn, or cleared before the fee. */
  amount: Amount
  /** Of a withdrawal: from its announcement until it is paid out. */
  noticeMs?: number
  /** One sentence when it cannot be done, or not now. */
  problem?: string
}

/** One line of the account's history, as the chain has it. */
export type WalletEntry = {
  kind:
    | 'deposit'
    | 'paid'
    | 'earned'
    | 'network-fee'
    | 'withdrawal-announced'
    /** Announced, and then another one took its place. */
    | 'withdrawal-replaced'
    | 'withdrawal-called-off'
    | 'withdrawn'
  /** What it changed; what was only announced changed nothing and shows what was announced. */
  amount: Amount
  /** Kept by the network; part of what was cleared. */
  fee?: Amount
  /** The other side of a clearing, or where a withdrawal goes. */
  counterparty?: string
  serial?: bigint
  blockNumber: number
  /** When that block was mined, as the chain says; missing where the chain could not be asked yet. */
  atMs?: number
  transaction: string
}

/** An issuer as a provider sees it before it accepts more or clears. */
export type RiskView = {
  issuer: IdentityId
  /** On chain, less an announced withdrawal. */
  balance: Amount
  registeredValue: Amount
  /** Not cleared: promised to this node, and, as far as other providers told, to them. */
  outstandingHere: Amount
  outstandingElsewhere: Amount
  /** How many that are outstanding here, and of their sum what the account cannot pay when all known take their share. */
  promises: number
  uncovered: Amount
  /** False: the copy of the chain is old or contested, so the balance may be another, and nothing more is accepted. */
  isBalanceKnown: boolean
  /**
   * `covered`: more is accepted. `near-limit`: the account hardly covers what is owed, is being emptied, or three
   * quarters of the credit are used. `at-limit`: nothing more before something is cleared or deposited. `not-covered`:
   * more was promised than the account holds.
   */
  verdict: 'covered' | 'near-limit' | 'at-limit' | 'not-covered' | 'unknown'
  /** balance − everything outstanding; below zero the issuer has promised more than it has. */
  exposure: Amount
  /** The most this node lets it owe at once; it grows with what was cleared before. */
  credit: Amount
  /** Cleared to this node, and in all, as the chain tells. */
  clearedHere: Amount
  clearedInAll: Amount
  /** Now, where none is outstanding. */
  oldestPromiseAtMs: number
  /** When it will be cleared for its age; absent: never for that, or it is too little to be worth a clearing. */
  dueAtMs?: number
  withdrawalAnnounced: boolean
  /** Wei that clearing now would cost. */
  clearingGas: bigint
  /** Why the next clearing comes when it does. */
  clearing: 'at-once' | 'threshold' | 'age' | 'balance-at-risk' | 'withdrawal-announced' | 'waiting' | 'costs-more'
}

export type ClearResult = {
  peer: IdentityId
  serial: bigint
  /** What was promised; `cleared` is what the chain moved, less when the account held less. */
  amount: Amount
  cleared?: Amount
  fee: Amount
  transaction?: string
  /** Wei for the whole transaction, which may have cleared several. */
  gasPaid?: bigint
  /** Why it was not cleared. */
  message?: string
  /** It was not, because the account holds less than promised; `acceptLess` would take what is there. */
  uncovered?: boolean
}

function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
