import type { CommandInput } from '#shared/contract/commands.ts'
import { commands } from '#shared/contract/commands.ts'
import { DEFAULT_SETTINGS, type Settings } from '#shared/contract/settings.ts'
import { openNode } from './access.ts'
import { type CommandLine, parsed, UsageError } from './arguments.ts'
import type { Output } from './output.ts'

const NAMES: Record<string, { key: keyof Settings; what: string }> = {
  'allow-local-network': { key: 'allowLocalNetwork', what: 'on: printers and the like stay reachable while a VPN is' },
  resolver: { key: 'resolver', what: 'who is asked for names through a VPN: "default" or an IP address' },
  lockdown: { key: 'lockdown', what: 'on: nothing leaves but through a VPN, also while disconnected' },
  'connect-on-start': { key: 'connectOnStart', what: 'off, last or best: when the app starts and is unlocked' },
  'share-on-start': {
    key: 'shareOnStart',
    what: 'on: what was shared when the app ended is shared again when it starts and is unlocked',
  },
  'programs-api': { key: 'programsApi', what: 'on: programs with a key can connect by themselves (docs/api.md)' },
  'programs-api-port': { key: 'programsApiPort', what: 'where they ask, on 127.0.0.1' },
  language: { key: 'language', what: 'auto, en or de: of the app, not of the command line' },
}
const USAGE = `settings | settings set ${Object.keys(NAMES).join('|')} VALUE`

/** Lists what is set, or changes one; what was said holds when this returns. */
export async function settings(line: CommandLine, output: Output): Promise<number> {
  const [, verb, name, value, ...more] = line.words
  if (verb !== undefined && (verb !== 'set' || name === undefined || value === undefined || more.length > 0)) {
    throw new UsageError(USAGE)
  }
  const change = name === undefined || value === undefined ? undefined : readChange(name, value)
  const access = await openNode(line)
  try {
    if (change) await access.call('settings.set', change)
    const { settings: now, api } = await access.call('state.get', {})
    const problems = { ...now.problems, ...(api.problem === undefined ? {} : { programsApi: api.problem }) }
    output.table(
      Object.entries(NAMES)
        .filter(([one]) => name === undefined || one === name)
        .map(([one, { key, what }]) => ({
          setting: one,
          value: shown(now[key]),
          what: problems[key] ?? what,
        })),
      '',
    )
    return 0
  } finally {
    await access.close()
  }
}

function readChange(name: string, value: string): CommandInput<'settings.set'> {
  const known = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined
  if (!known) throw new UsageError(`there is no such setting; there are ${Object.keys(NAMES).join(', ')}`)
  const before = DEFAULT_SETTINGS[known.key]
  const isSwitch = typeof before === 'boolean'
  if (isSwitch && value !== 'on' && value !== 'off') throw new UsageError(`settings set ${name} on|off`)
  if (typeof before === 'number' && !/^\d+$/.test(value)) throw new UsageError(`settings set ${name} NUMBER`)
  const said = typeof before === 'number' ? Number(value) : isSwitch ? value === 'on' : value
  return parsed(commands['settings.set'].input, { [known.key]: said })
}

const shown = (value: string | number | boolean) => (typeof value === 'boolean' ? (value ? 'on' : 'off') : value)
