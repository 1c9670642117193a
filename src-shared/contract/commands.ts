import { z } from 'zod'
import type { IdentityId } from '../model/identity.ts'
import { identityId } from '../model/identity.ts'
import type { Proposal } from '../model/proposal.ts'
import type { SessionRecord } from '../model/session.ts'
import type { Amount } from '../model/units.ts'
import type { AppState } from './state.ts'

/**
 * Everything a person or a program can ask of the node, once. IPC, HTTP, the command line, the
 * renderer's bridge and the API documentation derive from this value. Input is parsed at the door.
 */
type Command<Input extends z.ZodType, Output> = { input: Input; readonly output?: Output }

function command<Input extends z.ZodType>(input: Input) {
  return { returns: <Output>(): Command<Input, Output> => ({ input }) }
}

const amount = z
  .bigint()
  .min(0n)
  .max(2n ** 128n)
const passphrase = z.string().min(1).max(1024)
const keystoreText = z.string().max(16_384)
const serviceType = z.enum(['openvpn', 'socks'])
const unit = z.enum(['GiB', 'hour'])
const country = z.string().regex(/^[A-Z]{2}$/, 'a country is two capital letters (ISO 3166 alpha-2)')
const ethereumAddress = z.string().regex(/^0x[0-9a-fA-F]{40}$/)
const port = z.number().int().min(1).max(65_535)
const nothing = z.object({})

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

export const commands = {
  'identity.create': command(z.object({ passphrase })).returns<{ id: IdentityId }>(),
  'identity.import': command(z.object({ keystore: keystoreText, passphrase })).returns<{ id: IdentityId }>(),
  /** The keystore file's text, encrypted as it rests. */
  'identity.export': command(z.object({ id: identityId })).returns<{ keystore: string; fileName: string }>(),
  /** Opens a backup again; only then does the identity count as backed up. */
  'identity.proveBackup': command(z.object({ keystore: keystoreText, passphrase })).returns<{ id: IdentityId }>(),
  'identity.unlock': command(z.object({ id: identityId, passphrase })).returns<{ id: IdentityId }>(),
  /** Of any identity, one's own or not, as the chain has it. */
  'identity.status': command(z.object({ id: identityId })).returns<{
    registration: 'unregistered' | 'registered'
    balance: Amount
  }>(),
  'identity.register': command(nothing).returns<{ transaction: string }>(),
  /** Local network only: MYST and gas for the gas account. */
  'wallet.faucet': command(z.object({ amount })).returns<{ undeposited: Amount }>(),
  'wallet.deposit': command(z.object({ amount })).returns<{ transaction: string }>(),
  /** Announces a withdrawal; it is executed by the node after the notice period. */
  'wallet.withdraw': command(z.object({ amount, to: ethereumAddress })).returns<{
    transaction: string
    executableAtMs: number
  }>(),
  'proposals.query': command(proposalFilter).returns<ProposalView[]>(),
  'proposals.prefer': command(z.object({ provider: identityId, preferred: z.boolean() })).returns<null>(),
  /** Resolves when the attempt started; progress and result are in `state.connection`. */
  'connection.connect': command(proposalFilter.extend({ socksPort: port.optional() })).returns<null>(),
  /** Resolves when everything is taken down. */
  'connection.disconnect': command(nothing).returns<null>(),
  'share.start': command(
    z.object({
      services: z.array(serviceType).min(1),
      pricePerUnit: amount,
      unit,
      country,
      bandwidthMbps: z.number().min(0.1).max(100_000),
      maxSessions: z.number().int().min(1).max(250),
    }),
  ).returns<null>(),
  'share.stop': command(nothing).returns<null>(),
  'sessions.list': command(z.object({ limit: z.number().int().min(1).max(1000).optional() })).returns<
    SessionRecord[]
  >(),
  'promises.list': command(nothing).returns<PromiseView[]>(),
  /** Clears what others promised; without `peer` everything that can be. One bad promise does not stop the rest. */
  'promises.clear': command(z.object({ peer: identityId.optional() })).returns<ClearResult[]>(),
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
  experience: { sessions: number; failures: number; lastConnectMs?: number }
}

export type PromiseView = {
  direction: 'given' | 'received'
  peer: IdentityId
  serial: bigint
  amount: Amount
  state: 'open' | 'clearing' | 'cleared'
  updatedAtMs: number
}

export type ClearResult = {
  peer: IdentityId
  serial: bigint
  amount: Amount
  fee: Amount
  transaction?: string
  message?: string
}
