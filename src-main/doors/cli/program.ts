import { commands } from '#shared/contract/commands.ts'
import type { ProgramView } from '#shared/contract/programs.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { formatMyst } from '#shared/model/units.ts'
import type { NodeAccess } from '../client.ts'
import { openNode } from './access.ts'
import { amount, type CommandLine, number, type Options, parsed, UsageError } from './arguments.ts'
import { type Json, type Output, statusObject, statusSentence } from './output.ts'
import { interrupted, online, unlocked, until } from './waiting.ts'

const USAGE =
  'program add NAME --budget AMOUNT | list | change|remove|key|connect|disconnect PROGRAM; a program is named by its name or id'
/** Takes a wish back. */
const ANY = 'any'

/** Programs with a connection of their own; `docs/api.md` has what they can do with a key. */
export async function program(line: CommandLine, output: Output): Promise<number> {
  const [, verb, named, ...more] = line.words
  const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (!run || more.length > 0 || (named === undefined) !== (verb === 'list')) throw new UsageError(USAGE)
  const access = await openNode(line)
  try {
    return await run({ line, output, access, named: named ?? '', isOwn: access.own !== undefined })
  } finally {
    await access.close()
  }
}

type Run = { line: CommandLine; output: Output; access: NodeAccess; named: string; isOwn: boolean }

const VERBS: Record<string, (run: Run) => Promise<number>> = {
  async add({ line, output, access, named }) {
    const { options } = line
    const terms = parsed(commands['programs.add'].input, {
      name: named,
      budget: amount(options.budget, '--budget'),
      ...wishes(options),
    })
    const { id } = await access.call('programs.add', terms)
    const row = rowOf(await find(access, id))
    output.line(row, `Added ${named}; it has SOCKS5 at 127.0.0.1:${row.socksPort} once it is connected.`)
    return 0
  },
  async list({ output, access }) {
    const { programs } = await access.call('state.get', {})
    output.table(programs.map(rowOf), 'There is no program yet; add one with "myst program add".')
    return 0
  },
  async change({ line, output, access, named }) {
    const { options } = line
    const { id } = await find(access, named)
    const change = {
      ...(options.name?.[0] === undefined ? {} : { name: options.name[0] }),
      ...(options.budget === undefined ? {} : { budget: amount(options.budget, '--budget') }),
      ...wishes(options),
    }
    if (Object.keys(change).length === 0) {
      throw new UsageError('program change needs --name, --budget, --country, --max-price, --unit or --socks-port')
    }
    await access.call('programs.change', parsed(commands['programs.change'].input, { id, ...change }))
    output.table([rowOf(await find(access, id))], '')
    return 0
  },
  async remove({ output, access, named }) {
    const { id, name } = await find(access, named)
    await access.call('programs.remove', { id })
    output.line({ event: 'removed', id }, `${name} is removed; its key is none any more.`)
    return 0
  },
  async key({ line, output, access, named }) {
    const { id, name } = await find(access, named)
    if (line.options.drop) {
      await access.call('programs.dropKey', { id })
      output.line({ event: 'key-dropped', id }, `${name} has no key any more.`)
      return 0
    }
    const { key } = await access.call('programs.newKey', { id })
    const { settings } = await access.call('state.get', {})
    const closed = settings.programsApi ? '' : '\nThe API is off: "myst settings set programs-api on".'
    output.line({ event: 'key', id, key }, `The key of ${name}. It is shown this once:\n  ${key}${closed}`)
    return 0
  },
  /** Returns once it is connected, or is not. */
  async connect({ line, output, access, named, isOwn }) {
    if (isOwn) {
      throw new MystError('NoNodeRuns', 'A connection needs a node that stays: start the app, or "myst app", first.')
    }
    const signal = interrupted()
    await unlocked(access, line.options)
    await online(access, { broker: true })
    const { id } = await find(access, named)
    await access.call('programs.connect', { id })
    const of = (programs: readonly ProgramView[]) => programs.find((one) => one.id === id)?.connection
    const isSettled = (name = 'disconnected') => name === 'connected' || name === 'disconnected'
    const state = await until(access, ({ programs }) => isSettled(of(programs)?.name), signal)
    const connection = of(state.programs) ?? { name: 'disconnected' }
    output.line(statusObject(connection), statusSentence(connection))
    return connection.name === 'connected' ? 0 : 1
  },
  async disconnect({ output, access, named }) {
    const { id } = await find(access, named)
    await access.call('programs.disconnect', { id })
    const { connection } = await find(access, id)
    output.line(statusObject(connection), statusSentence(connection))
    return 0
  },
}

/** By its id or, if only one has it, its name. */
async function find(access: NodeAccess, named: string): Promise<ProgramView> {
  const { programs } = await access.call('state.get', {})
  const found = programs.filter(({ id, name }) => id === named || name === named)
  const [first, ...others] = found
  if (first && others.length === 0) return first
  throw first
    ? new UsageError('several programs have this name; give the id ("myst program list")')
    : new MystError('ProgramUnknown', 'There is no such program; "myst program list" names them.')
}

function wishes({ country, unit, 'max-price': price, ...options }: Options) {
  const port = number(options, 'socks-port')
  return {
    ...(country === undefined ? {} : { country: country === ANY ? null : country.toUpperCase() }),
    ...(unit === undefined ? {} : { unit: unit === ANY ? null : unit }),
    ...(price === undefined ? {} : { maxPricePerUnit: price === ANY ? null : amount(price, '--max-price') }),
    ...(port === undefined ? {} : { socksPort: port }),
  }
}

function rowOf({ id, name, connection, ...program }: ProgramView): { [key: string]: Json } {
  const { budget, spent, socksPort, country, unit, maxPricePerUnit, keyHint, lastUsedAtMs } = program
  return {
    ...{ id, name },
    budgetMyst: formatMyst(budget),
    spentMyst: formatMyst(spent),
    socksPort,
    country: country ?? null,
    maxPriceMyst: maxPricePerUnit === undefined ? null : formatMyst(maxPricePerUnit),
    unit: unit ?? null,
    key: keyHint === undefined ? null : `…${keyHint}`,
    keyUsedAt: lastUsedAtMs === undefined ? null : new Date(lastUsedAtMs).toISOString(),
    state: connection.name,
  }
}
