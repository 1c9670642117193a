import type { z } from 'zod'
import { MystError } from '#shared/errors/myst-error.ts'

import type { Hex } from '../ports/chain.ts'
import type { Answer, JsonRpc } from './json-rpc.ts'
import { block } from './quantities.ts'

/** What is read in one go from many blocks: no more than is parsed while nobody waits for it. */
const RANGE_BYTES = 2 * 1024 * 1024
/** Nodes are a few blocks apart for a moment; further apart than this is not for a moment. */
const FAR_APART_BLOCKS = 10

export type CommonHead = {
  number: number
  hash: Hex
  timestamp: number
  /** The latest block that any node knows. */
  highest: number
  /** One sentence when some node is so far behind that what happened since cannot be compared. */
  apart?: string
}

/**
 * What all blockchain nodes of the network say alike. Nobody signs a balance or the absence of an event,
 * so with two nodes or more nothing that only one of them says is believed. A node that is away is left
 * out; one that is late is compared at the last block it knows. Throws `ChainDisputed` when two of them
 * contradict each other, beside what `JsonRpc` throws.
 */
export type Agreement = {
  /** The latest block of the node that knows fewest. */
  head(): Promise<CommonHead>
  /**
   * One answer that holds for all. `range`: the question is about many blocks, and is refused rather than
   * answered at length; the error of any node counts then, for by all sorts of them nodes say "too many".
   */
  same<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    params: readonly unknown[],
    options?: { range?: boolean },
  ): Promise<z.output<Schema>>
  /** State as of the latest block that all know; `params` are what comes before the block. */
  state<Schema extends z.ZodType>(schema: Schema, method: string, params: readonly unknown[]): Promise<z.output<Schema>>
}

export function createAgreement(rpc: Pick<JsonRpc, 'call' | 'each' | 'nodes'>): Agreement {
  async function head(): Promise<CommonHead> {
    const answers = await rpc.each(block, 'eth_getBlockByNumber', ['latest', false])
    const heads = usable(answers, false).sort((a, b) => a.value.number - b.value.number)
    const [lowest, highest] = [heads[0], heads.at(-1)]
    if (!lowest || !highest) throw new Error('no node, no answer')
    if (lowest.value.number === highest.value.number) return { ...agreed(heads), highest: highest.value.number }
    const common = await same(block, 'eth_getBlockByNumber', [toHex(lowest.value.number), false])
    const head = { ...common, highest: highest.value.number }
    const behind = head.highest - head.number
    if (behind <= FAR_APART_BLOCKS) return head
    const apart = `The blockchain node ${lowest.host} is ${behind} blocks behind ${highest.host}, and the two cannot be compared; wait, or take one of them out of the network file.`
    return { ...head, apart }
  }

  const same: Agreement['same'] = async (schema, method, params, { range = false } = {}) =>
    agreed(usable(await rpc.each(schema, method, params, range ? RANGE_BYTES : undefined), range))

  return {
    head,
    same,
    async state(schema, method, params) {
      if (rpc.nodes().of === 1) return rpc.call(schema, method, [...params, 'latest'])
      const { number, apart } = await head()
      if (apart !== undefined) throw new MystError('ChainUnreachable', apart)
      return same(schema, method, [...params, toHex(number)])
    },
  }
}

type Said<T> = { host: string; mark: string; value: T }

function usable<T>(answers: readonly Answer<T>[], everyError: boolean): Said<T>[] {
  const said = answers.filter((answer): answer is Said<T> & Answer<T> => 'value' in answer)
  for (const answer of answers) {
    // A plain "no" is not passed over: another node's "yes" would then stand uncompared.
    if ('refusal' in answer && (everyError || said.length === 0 || !answer.refusal.elsewhere)) throw answer.refusal
  }
  return said
}

function agreed<T>(said: readonly Said<T>[]): T {
  const [first, ...others] = said
  if (!first) throw new Error('no node, no answer')
  const text = others.length > 0 ? canonical(first.value) : ''
  for (const other of others) {
    if (other.mark === first.mark && canonical(other.value) === text) continue
    throw new MystError(
      'ChainDisputed',
      `The blockchain nodes ${first.host} and ${other.host} contradict each other; nothing new is believed until they agree, or until one is taken out of the network file.`,
      { details: { hosts: said.map(({ host }) => host).join(' ') } },
    )
  }
  return first.value
}

/** Values were parsed with one schema, so their keys come in one order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner))
}

export function toHex(number: number): string {
  return `0x${number.toString(16)}`
}
