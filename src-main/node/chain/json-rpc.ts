import { z } from 'zod'
import { MystError } from '#shared/errors/myst-error.ts'

/** A node that does not answer within this is treated as gone; the next one is asked. */
const CALL_TIMEOUT_MS = 8_000
/** A batch of logs is a few MiB at most; more is not read into memory. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024
/** JSON-RPC errors by which a node says "not me, not now": another node may well answer. */
const ELSEWHERE = new Set([-32_005, -32_601, -32_603])

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
}

type Call = <Schema extends z.ZodType>(
  schema: Schema,
  method: string,
  params: readonly unknown[],
) => Promise<z.output<Schema>>

/**
 * Calls a method on one of several nodes: the one that answered last, and after a failure, or an answer
 * that does not fit its schema, the others in turn. Throws `ChainUnreachable` when none answers, and
 * `RpcRefused` for an answer that is an error.
 */
export type JsonRpc = {
  call: Call
  /** Vets every node anew. */
  vetAll(): Promise<PromiseSettledResult<void>[]>
}

export type JsonRpcOptions = {
  fetch?: typeof fetch
  timeoutMs?: number
  /** Asked of a node before its first answer is used, and again after it failed. Throws to reject the node. */
  vet?: (call: Call) => Promise<void>
}

export function createJsonRpc(addresses: readonly string[], options: JsonRpcOptions = {}): JsonRpc {
  const doFetch = options.fetch ?? fetch
  const timeoutMs = options.timeoutMs ?? CALL_TIMEOUT_MS
  const vetted = new Set<string>()
  let current = 0
  let nextId = 1

  async function ask<Schema extends z.ZodType>(
    address: string,
    schema: Schema,
    method: string,
    params: readonly unknown[],
  ): Promise<z.output<Schema>> {
    const response = await doFetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await readBounded(response)
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

  async function vet(address: string): Promise<void> {
    vetted.delete(address)
    await options.vet?.((schema, method, params) => ask(address, schema, method, params))
    vetted.add(address)
  }

  return {
    async call(schema, method, params) {
      const failures: unknown[] = []
      for (let turn = 0; turn < addresses.length; turn++) {
        const index = (current + turn) % addresses.length
        const address = addresses[index] ?? ''
        try {
          if (!vetted.has(address)) await vet(address)
          const result = await ask(address, schema, method, params)
          current = index
          return result
        } catch (error) {
          if (error instanceof RpcRefused && !ELSEWHERE.has(error.code)) {
            current = index
            throw error
          }
          if (!(error instanceof RpcRefused)) vetted.delete(address)
          failures.push(error)
        }
      }
      throw mostTelling(failures, addresses)
    },
    vetAll: () => Promise.allSettled(addresses.map(vet)),
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

async function readBounded(response: Response): Promise<string> {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) throw new Error('answered with more than 32 MiB')
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
