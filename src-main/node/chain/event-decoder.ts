import type { EventFragment, Interface, ParamType } from 'ethers'

import type { Hex } from '../ports/chain.ts'
import type { Log } from './quantities.ts'

/** Addresses and bytes as lower-case hex, numbers as bigint, by the names in the ABI. */
export type DecodedEvent = { name: string; args: ReadonlyMap<string, bigint | Hex> }

const WORD = 64

/**
 * Reads logs of a contract by its ABI: addresses, unsigned numbers and bytes, which is what our events are
 * made of; throws at once for an ABI with others. Every node's first hours are spent here: a log takes it
 * microseconds where ethers, which can do all of it and more, takes a good part of a millisecond
 * (`event-decoder.test.ts` holds the two against each other). Undefined when the log is none of its events.
 */
export function createEventDecoder(abi: Interface): (log: Pick<Log, 'topics' | 'data'>) => DecodedEvent | undefined {
  const events = new Map<string, EventFragment>()
  abi.forEachEvent((event) => void events.set(event.topicHash, event))
  const readers = new Map(
    [...events].map(([topic, { inputs }]) => [topic, inputs.map((input) => ({ input, read: reader(input) }))]),
  )

  return ({ topics, data }) => {
    const [topic = ''] = topics
    const event = events.get(topic)
    if (!event) return undefined
    const args = new Map<string, bigint | Hex>()
    let nextTopic = 1
    let nextWord = 2
    for (const { input, read } of readers.get(topic) ?? []) {
      const indexed = input.indexed === true
      const word = indexed ? (topics[nextTopic++] ?? '').slice(2) : data.slice(nextWord, nextWord + WORD)
      if (!indexed) nextWord += WORD
      const value = word.length === WORD ? read(word, data) : undefined
      if (value === undefined) return undefined
      args.set(input.name, value)
    }
    return nextTopic === topics.length ? { name: event.name, args } : undefined
  }
}

type Read = (word: string, data: string) => bigint | Hex | undefined

function reader({ type, indexed }: ParamType): Read {
  if (type === 'address') return (word) => (/^0{24}/.test(word) ? `0x${word.slice(24)}` : undefined)
  const bits = /^uint(\d+)$/.exec(type)?.[1]
  if (bits !== undefined) {
    const size = BigInt(bits)
    return (word) => {
      const value = BigInt(`0x${word}`)
      return value >> size === 0n ? value : undefined
    }
  }
  if (/^bytes\d+$/.test(type)) {
    const digits = 2 * Number(type.slice(5))
    return (word) => `0x${word.slice(0, digits)}`
  }
  if (type === 'bytes' && indexed !== true) {
    return (word, data) => {
      // Bounded by the data itself, so that no number here is large.
      const start = 2 + 2 * small(word, data)
      const length = 2 * small(data.slice(start, start + WORD), data)
      const bytes = data.slice(start + WORD, start + WORD + length)
      return Number.isNaN(length) || bytes.length < length ? undefined : `0x${bytes}`
    }
  }
  throw new Error(`events with ${type} are not read here`)
}

/** A number up to the length of the data; NaN for any other, which no slice can use. */
function small(word: string, data: string): number {
  const value = word.length === WORD ? Number(`0x${word}`) : Number.NaN
  return value <= data.length ? value : Number.NaN
}
