import { z } from 'zod'
import { MystError } from '#shared/errors/myst-error.ts'
import { systemClock } from '../lib/clock.ts'
import type { Clock } from '../ports/clock.ts'

/** A node that does not answer within this is treated as gone; the next one is asked. */
const CALL_TIMEOUT_MS = 8_000
/** One block full of logs is no larger; more is not read into memory. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024
/** A node that failed is left out of comparisons this long before it is looked at again. */
const LOOK_AGAIN_MS = 10_000
const ELSEWHERE = new Set([-32_005, -32_601, -32_603])
/** The same bytes may be offered to every node: whoever takes them does the same with them. */
const SEND = 'eth_sendRawTransaction'

const answer = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).nullish(),
})

/** What a node answered in place of a result; `data` is the revert data of a call, as hex. */
export class RpcRefused extends MystError {
  readonly code: number
  readonly data: string | undefined
  constructor(code: number, message: string, data: string | undefined) {
    super('RpcRefused', `The blockchain node refused: ${printable(message)}.`, { details: { code } })
    this.code = code
    this.data = data
  }

  /** "Not me, not now": another node may well answer. */
  get elsewhere(): boolean {
    return ELSEWHERE.has(this.code)
  }
}

type Call = <Schema extends z.ZodType>(
  schema: Schema,
  method: string,
  params: readonly unknown[],
) => Promise<z.output<Schema>>

/** What one node said; `refusal` in place of a value when it said no. */
export type Answer<T> = { host: string; mark: string } & ({ value: T } | { refusal: RpcRefused })

/** Several nodes, of which some may be gone, late or lying. */
export type JsonRpc = {
  /**
   * Calls a method on one node: the one that answered last, and after a failure, or an answer that does
   * not fit its schema, the others in turn. Throws `ChainUnreachable` when none answers, and `RpcRefused`
   * for an answer that is an error; what is to be sent is offered to the others before.
   */
  call: Call
  /**
   * What every node says that is there and passed its vetting, one at least. A node that fails is left
   * out from then on, and looked at again every ten seconds. Throws like `call` when none answers.
   */
  each<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    params: readonly unknown[],
    maxBytes?: number,
  ): Promise<Answer<z.output<Schema>>[]>
  /** Nodes there are, and those among them that `each` leaves out at present, with the reason. */
  nodes(): { of: number; leftOut: { host: string; why: string }[] }
  /** Vets every node anew. */
  vetAll(): Promise<PromiseSettledResult<void>[]>
}

export type JsonRpcOptions = {
  fetch?: typeof fetch
  timeoutMs?: number
  clock?: Pick<Clock, 'now'>
  /**
   * Asked of a node before its first answer is used, and again after it failed. Throws to reject the node;
   * what it returns must be the same for all of them.
   */
  vet?: (call: Call) => Promise<string>
}

type Node = { address: string; host: string; mark?: string; why?: string; firstLook?: Promise<void>; lookAtMs: number }

export function createJsonRpc(addresses: readonly string[], options: JsonRpcOptions = {}): JsonRpc {
  const doFetch = options.fetch ?? fetch
  const timeoutMs = options.timeoutMs ?? CALL_TIMEOUT_MS
  const clock = options.clock ?? systemClock
  const nodes: Node[] = addresses.map((address) => ({ address, host: hostOf(address), lookAtMs: 0 }))
  let current = 0
  let nextId = 1

  async function ask<Schema extends z.ZodType>(
    { address }: Node,
    schema: Schema,
    method: string,
    params: readonly unknown[],
    maxBytes = MAX_ANSWER_BYTES,
  ): Promise<z.output<Schema>> {
    const response = await doFetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await readBounded(response, maxBytes)
    const parsed = answer.safeParse(parseJson(text))
    // Some nodes send a JSON-RPC error with an HTTP status that is not 200.
    if (!parsed.success)
      throw new Error(response.ok ? 'answered something else than JSON-RPC' : `HTTP ${response.status}`)
    const { error, result } = parsed.data
    if (error) throw new RpcRefused(error.code, error.message, revertData(error.data))
    const fitting = schema.safeParse(result ?? null)
    if (!fitting.success) throw new Error(`answered ${method} with something unexpected`)
    return fitting.data
  }

  async function vet(node: Node): Promise<void> {
    try {
      node.mark = (await options.vet?.((schema, method, params) => ask(node, schema, method, params))) ?? ''
    } catch (error) {
      leaveOut(node, error)
      throw error
    }
  }

  function leaveOut(node: Node, error: unknown): void {
    delete node.mark
    node.why = error instanceof Error ? printable(rootMessage(error)) : 'no answer'
    node.lookAtMs = clock.now() + LOOK_AGAIN_MS
  }

  /** The nodes to compare. Those that were left out come back by themselves, without holding up the others. */
  async function present(): Promise<Node[]> {
    const look = (node: Node) => vet(node).catch(() => undefined)
    await Promise.all(
      nodes.map((node) => (node.firstLook ??= node.mark === undefined ? look(node) : Promise.resolve())),
    )
    for (const node of nodes) {
      if (node.mark !== undefined || clock.now() < node.lookAtMs) continue
      node.lookAtMs = Number.POSITIVE_INFINITY
      void look(node)
    }
    return nodes.filter(({ mark }) => mark !== undefined)
  }

  async function callOne<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    params: readonly unknown[],
    maxBytes?: number,
  ): Promise<Answer<z.output<Schema>> & { value: z.output<Schema> }> {
    const failures: unknown[] = []
    for (let turn = 0; turn < nodes.length; turn++) {
      const index = (current + turn) % nodes.length
      const node = nodes[index]
      if (!node) continue
      try {
        if (node.mark === undefined) await vet(node)
        const value = await ask(node, schema, method, params, maxBytes)
        current = index
        return { host: node.host, mark: node.mark ?? '', value }
      } catch (error) {
        if (error instanceof RpcRefused && !error.elsewhere && method !== SEND) {
          current = index
          throw error
        }
        if (!(error instanceof RpcRefused)) leaveOut(node, error)
        failures.push(error)
      }
    }
    throw mostTelling(failures, addresses)
  }

  return {
    call: async (schema, method, params) => (await callOne(schema, method, params)).value,
    async each(schema, method, params, maxBytes) {
      const answers = await Promise.all(
        (await present()).map(async (node) => {
          const { host, mark = '' } = node
          try {
            return { host, mark, value: await ask(node, schema, method, params, maxBytes) }
          } catch (error) {
            if (error instanceof RpcRefused) return { host, mark, refusal: error }
            leaveOut(node, error)
            return undefined
          }
        }),
      )
      const given = answers.filter((one) => one !== undefined)
      // Nobody is left: all of them get another chance at once.
      return given.length > 0 ? given : [await callOne(schema, method, params, maxBytes)]
    },
    nodes: () => ({
      of: nodes.length,
      leftOut: nodes
        .filter(({ mark, why }) => mark === undefined && why !== undefined)
        .map(({ host, why = '' }) => ({ host, why })),
    }),
    vetAll: () => Promise.allSettled(nodes.map(vet)),
  }
}

/** A wrong network is a mistake to be told; then what a node said; then that nobody answered. */
function mostTelling(failures: readonly unknown[], addresses: readonly string[]): unknown {
  const told =
    failures.find((error) => error instanceof MystError && error.name === 'WrongNetwork') ??
    failures.find((error) => error instanceof MystError)
  if (told) return told
  const why = failures[0] instanceof Error ? rootMessage(failures[0]) : 'no answer'
  return new MystError(
    'ChainUnreachable',
    `No blockchain node answers (${addresses.length} asked, ${hostOf(addresses[0] ?? '')}: ${printable(why)}); check the internet connection.`,
    { cause: failures[0] },
  )
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.length
    // As nodes themselves say it: whoever asks for a range asks for a smaller one.
    if (size > maxBytes) throw new RpcRefused(-32_005, 'its answer is too large', undefined)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Revert data comes as hex, or wrapped in an object with `data`, depending on the make of the node. */
function revertData(data: unknown): string | undefined {
  const inner = typeof data === 'object' && data !== null && 'data' in data ? data.data : data
  return typeof inner === 'string' && /^0x(?:[0-9a-fA-F]{2}){4,2048}$/.test(inner) ? inner : undefined
}

function rootMessage(error: Error): string {
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message
}

/** Host and port only: addresses of paid nodes carry their key in the path. */
function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : 'an invalid address'
}

/** A node's words, short and in visible ASCII. */
function printable(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 200)
    .replace(/\.$/, '')
}
