import { type CommandName, commands, type Handlers } from '#shared/contract/commands.ts'
import { decode, encode } from '#shared/contract/wire.ts'
import { firstProblem } from '#shared/errors/first-problem.ts'
import { MystError, toWire, type WireError } from '#shared/errors/myst-error.ts'

/** What crosses every door in answer to a command. */
export type Answer = { ok: unknown } | { error: WireError }

/**
 * The one place where outside input becomes a command: name checked against the contract, input parsed
 * with its schema, the answer (or error) encoded. Never throws.
 */
export async function callEncoded(handlers: Handlers, name: string, encodedInput: string): Promise<string> {
  return encode(await call(handlers, name, encodedInput))
}

async function call(handlers: Handlers, name: string, encodedInput: string): Promise<Answer> {
  try {
    if (!Object.hasOwn(commands, name)) {
      throw new MystError('UnknownCommand', 'This command does not exist.')
    }
    const known = name as CommandName
    let input: unknown
    try {
      input = decode(encodedInput === '' ? '{}' : encodedInput)
    } catch {
      throw new MystError('InvalidInput', 'The input is not JSON.')
    }
    const parsed = commands[known].input.safeParse(input)
    if (!parsed.success) {
      throw new MystError('InvalidInput', `${firstProblem(parsed.error, 'The input')}.`, {
        details: { field: parsed.error.issues[0]?.path.join('.') ?? '' },
      })
    }
    const handler = handlers[known] as (input: unknown) => Promise<unknown>
    return { ok: (await handler(parsed.data)) ?? null }
  } catch (error) {
    return { error: toWire(error) }
  }
}
