import { Interface } from 'ethers'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'

import type { ChainEvent, ClearOutcome, Hex } from '../ports/chain.ts'
import { createEventDecoder, type DecodedEvent } from './event-decoder.ts'
import { contracts } from './generated/contracts.ts'
import type { Log } from './quantities.ts'
import { errorName } from './revert.ts'

const accounts = source('paymentAccounts', contracts.PaymentAccounts.abi, [
  'Deposited',
  'Cleared',
  'WithdrawalAnnounced',
  'Withdrawn',
])
const SOURCES = [
  source('identityRegistry', contracts.IdentityRegistry.abi, ['Registered']),
  source('serviceDirectory', contracts.ServiceDirectory.abi, ['Announced']),
  accounts,
]

/** Which logs to ask for. */
export function eventFilter(addresses: NetworkFile['contracts']): { address: string[]; topics: [string[]] } {
  return {
    address: SOURCES.map(({ at }) => addresses[at]),
    topics: [SOURCES.flatMap(({ abi, names }) => names.map((name) => topicOf(abi, name)))],
  }
}

/**
 * The events among `logs`, in the order of the chain. A log that a node added of its own, or that is
 * out of range, ends the whole answer: such a node is not to be followed.
 */
export function readEvents(
  logs: readonly Log[],
  addresses: NetworkFile['contracts'],
  range: { fromBlock: number; toBlock: number },
): ChainEvent[] {
  return logs.map((log) => {
    if (log.blockNumber < range.fromBlock || log.blockNumber > range.toBlock) throw nonsense()
    return readEvent(log, addresses)
  })
}

/** What came of each of `promises`: the payment contract writes one log for each, in their order. */
export function readOutcomes(
  logs: readonly Log[],
  promises: readonly { issuer: IdentityId; serial: bigint }[],
  addresses: NetworkFile['contracts'],
): ClearOutcome[] {
  if (logs.length !== promises.length) throw nonsense()
  return logs.map((log, index) => {
    const outcome = readOutcome(log, addresses)
    if (outcome.issuer !== promises[index]?.issuer || outcome.serial !== promises[index]?.serial) throw nonsense()
    return outcome
  })
}

function readOutcome(log: Log, addresses: NetworkFile['contracts']): ClearOutcome {
  const failed = accounts.abi.getEvent('ClearFailed')
  if (log.topics[0] !== failed?.topicHash) {
    const event = readEvent(log, addresses)
    if (event.name !== 'Cleared') throw nonsense()
    const { issuer, serial, amount, fee } = event
    return { kind: 'cleared', issuer, serial, amount, fee }
  }
  const event = log.address === addresses.paymentAccounts.toLowerCase() ? accounts.decode(log) : undefined
  if (!event) throw nonsense()
  const of = (name: string) => event.args.get(name)
  const error = errorName(hexOf(of('reason')))
  return { kind: 'refused', issuer: addressOf(of('issuer')), serial: amountOf(of('serial')), error }
}

/** One event of ours, or an error when the log is none. */
export function readEvent(log: Log, addresses: NetworkFile['contracts']): ChainEvent {
  const source = SOURCES.find(({ at }) => addresses[at].toLowerCase() === log.address)
  const event = source?.decode(log)
  if (!event) throw nonsense()
  const { blockNumber, blockHash, logIndex, transactionHash } = log
  const place = { blockNumber, blockHash, logIndex, transactionHash }
  const of = (name: string) => event.args.get(name)
  switch (event.name) {
    case 'Registered': {
      // The house writes uncompressed keys with their 0x04.
      const publicKey = bytesOf(`0x04${hexOf(of('publicKey')).slice(2)}`)
      return {
        ...place,
        name: 'Registered',
        identity: addressOf(of('identity')),
        publicKey,
        value: amountOf(of('value')),
      }
    }
    case 'Announced':
      return { ...place, name: 'Announced', proposal: bytesOf(hexOf(of('proposal'))) }
    case 'Deposited':
      return { ...place, name: 'Deposited', identity: addressOf(of('identity')), amount: amountOf(of('amount')) }
    case 'Cleared': {
      const paying = withIdentity(of('issuerAndAmount'))
      const paid = withIdentity(of('benefiterAndFee'))
      return {
        ...place,
        name: 'Cleared',
        issuer: paying.identity,
        benefiter: paid.identity,
        serial: amountOf(of('serial')),
        amount: paying.amount,
        fee: paid.amount,
      }
    }
    case 'WithdrawalAnnounced':
      return {
        ...place,
        name: 'WithdrawalAnnounced',
        identity: addressOf(of('identity')),
        to: addressOf(of('to')),
        amount: amountOf(of('amount')),
        executableAt: secondsOf(of('executableAt')),
      }
    case 'Withdrawn':
      return {
        ...place,
        name: 'Withdrawn',
        identity: addressOf(of('identity')),
        to: addressOf(of('to')),
        amount: amountOf(of('amount')),
      }
    default:
      throw nonsense()
  }
}

function source(
  at: keyof NetworkFile['contracts'],
  fragments: ConstructorParameters<typeof Interface>[0],
  names: readonly string[],
) {
  const abi = new Interface(fragments)
  return { at, abi, names, decode: createEventDecoder(abi) }
}

function topicOf(abi: Interface, name: string): string {
  const event = abi.getEvent(name)
  if (!event) throw new Error(`the ABI has no event ${name}`)
  return event.topicHash
}

type Value = DecodedEvent['args'] extends ReadonlyMap<string, infer T> ? T | undefined : never

function hexOf(value: Value): Hex {
  if (typeof value !== 'string') throw nonsense()
  return value
}

const addressOf: (value: Value) => IdentityId = hexOf

function bytesOf(text: Hex): Uint8Array {
  return Uint8Array.from(Buffer.from(text.slice(2), 'hex'))
}

/** A word of 20 bytes of identity and 12 of amount. */
function withIdentity(value: bigint | Hex | undefined): { identity: IdentityId; amount: bigint } {
  const word = hexOf(value)
  return { identity: word.slice(0, 42) as Hex, amount: BigInt(`0x${word.slice(42)}`) }
}

function amountOf(value: Value): bigint {
  if (typeof value !== 'bigint') throw nonsense()
  return value
}

function secondsOf(value: Value): number {
  const seconds = amountOf(value)
  if (seconds > BigInt(Number.MAX_SAFE_INTEGER)) throw nonsense()
  return Number(seconds)
}

export function nonsense(): MystError {
  return new MystError(
    'ChainUnreachable',
    'The blockchain node answered something that the contracts cannot have said; choose another node.',
  )
}
