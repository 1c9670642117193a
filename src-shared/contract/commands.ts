import { z } from 'zod'
import { isCountryCode } from '../model/country-codes.ts'
import type { IdentityId } from '../model/identity.ts'
import { identityId } from '../model/identity.ts'
import type { ConnectionState, SessionRecord } from '../model/session.ts'
import { HOURS_HINT, normalHours } from '../model/share-hours.ts'
import type { Amount } from '../model/units.ts'
import type {
  ClearResult,
  DayOfEarnings,
  FeeQuote,
  PageAddress,
  PromiseView,
  ProposalView,
  RiskView,
  Sent,
  WalletEntry,
} from './answers.ts'
import { clearingPolicy } from './clearing-policy.ts'
import { ethereumAddress } from './ethereum-address.ts'
import { amount, country, unit } from './fields.ts'
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

const paid = amount.min(1n, 'the amount must be above 0 MYST')
const passphrase = z.string().min(1).max(1024)
/** In the operating system's keychain, where `state.identity.keychain` is there. `false` forgets. */
const remember = z.boolean().optional()
const keystoreText = z.string().max(16_384)
const serviceType = z.enum(['openvpn', 'socks'], 'a service is openvpn or socks')
const BANDWIDTH = 'from 0.1 to 100,000 Mbit/s'
const bandwidth = z.number().min(0.1, BANDWIDTH).max(100_000, BANDWIDTH)
/** A whole number within these; `what` counts them. */
const count = (from: number, to: number, what: string) => {
  const words = `a whole number from ${from} to ${to.toLocaleString('en')}${what}`
  return z.number().int(words).min(from, words).max(to, words)
}
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
  minBandwidthMbps: z.number().min(0, 'from 0 Mbit/s on').optional(),
  sort: z.enum(['price', 'experience'], 'by price or by experience').optional(),
  limit: count(1, 10_000, ' offers').optional(),
})

export const commands = {
  'identity.create': command(z.object({ passphrase, remember })).returns<{ id: IdentityId }>(),
  /** A file that has no gas account (another tool's, or an old backup) gets a new one. */
  'identity.import': command(z.object({ keystore: keystoreText, passphrase, remember })).returns<{
    id: IdentityId
    gasAccount: 'restored' | 'new'
  }>(),
  /** Of an identity that is here, by a backup of it: the backup's passphrase is then the identity's, and it is unlocked. */
  'identity.restore': command(z.object({ keystore: keystoreText, passphrase, remember })).returns<{ id: IdentityId }>(),
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
  /**
   * What an action will cost, before anything is signed. `clear` takes `peer`, or means everything that can be;
   * `announce` takes how many `services` are offered, each announced by itself, one when it is not said.
   */
  'wallet.quote': command(
    z.object({
      what: z.enum(['register', 'deposit', 'withdraw', 'call-off', 'clear', 'announce']),
      amount: amount.optional(),
      peer: identityId.optional(),
      services: z.number().int().min(1).max(2).optional(),
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
  /** One-time, for another browser; where the node has a page (`myst app`), else `NoPage`. */
  'page.newAddress': command(nothing).returns<PageAddress>(),
  /** In the desktop app only. */
  'shell.set': command(shellSettings).returns<null>(),
  /** Takes one step of an update; the system's own dialog asks before anything is downloaded or installed. */
  'shell.update': command(updateStep).returns<null>(),
  /**
   * `AlreadySharing` while it is on, unless these terms are meant `instead`: then the sessions of before end. Refused
   * before a backup of the identity was proved, as a deposit is.
   */
  'share.start': command(
    z.object({
      services: z.array(serviceType).min(1, 'choose at least one'),
      pricePerUnit: amount,
      unit,
      country: country.refine(isCountryCode, 'there is no such country; write two letters such as DE'),
      bandwidthMbps: bandwidth,
      maxSessions: count(1, 250, ' people'),
      /** Local time, "08:00-23:00", also over midnight; at other times nobody is served. Absent: always. */
      hours: z
        .string()
        .max(11)
        .refine((text) => normalHours(text) !== undefined, HOURS_HINT)
        .transform((text) => normalHours(text) ?? text)
        .optional(),
      /** Bytes of all sessions together, both ways, in a calendar month; then nobody is served until the next. */
      monthlyBytes: z
        .bigint()
        .min(1n, 'the monthly volume must be above 0')
        .max(2n ** 60n, 'this is more than anybody can carry in a month')
        .optional(),
      /** Of all sessions together, each way; `bandwidthMbps` is per session. */
      totalBandwidthMbps: bandwidth.optional(),
      /** Of one session: open at once, and new per second. */
      maxConnections: count(1, 65_535, ' connections').optional(),
      newConnectionsPerSecond: count(1, 10_000, ' connections').optional(),
      /** True: mail ports (25, 465, 587) are open; others may then send mail in one's own name. */
      allowMail: z.boolean().optional(),
      /** False: other providers are told nothing of promises, and asked about none (whitepaper 6.5.6). */
      sharePromises: z.boolean().optional(),
      instead: z.boolean().optional(),
      withoutBackup: z.boolean().optional(),
    }),
  ).returns<{ run: number }>(),
  /** Asks a probe of the network, outside of any tunnel, for one's own address; also before sharing. In `state.share.reach`. */
  'share.checkReach': command(nothing).returns<Reach>(),
  /** `run`: only if it is still that start's. */
  'share.stop': command(z.object({ run: z.number().int().optional() })).returns<null>(),
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

function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
