import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { z } from 'zod'
import { proposalFilter } from '#shared/contract/commands.ts'
import { type NetworkFile, parseNetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { parseMyst } from '#shared/model/units.ts'
import { defaultHome } from '../../node/home.ts'

/** Wrong usage: exit code 2, as opposed to refused or failed (1). */
export class UsageError extends Error {}

const OPTIONS = {
  home: { type: 'string' },
  network: { type: 'string' },
  json: { type: 'boolean' },
  verbose: { type: 'boolean' },
  identity: { type: 'string' },
  host: { type: 'string' },
  out: { type: 'string' },
  deposit: { type: 'string' },
  'block-time': { type: 'string' },
  'passphrase-file': { type: 'string' },
  to: { type: 'string' },
  type: { type: 'string' },
  country: { type: 'string' },
  origin: { type: 'string' },
  unit: { type: 'string' },
  'max-price': { type: 'string' },
  'min-bandwidth': { type: 'string' },
  sort: { type: 'string' },
  limit: { type: 'string' },
  service: { type: 'string' },
  price: { type: 'string' },
  bandwidth: { type: 'string' },
  'max-sessions': { type: 'string' },
  'socks-port': { type: 'string' },
  port: { type: 'string' },
  path: { type: 'string' },
  all: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

export type Options = {
  [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name]['type'] extends 'boolean' ? boolean : string
}
export type CommandLine = { words: string[]; options: Options; home: string }

export function parseCommandLine(argv: string[]): CommandLine {
  try {
    const { values, positionals } = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true })
    return { words: positionals, options: values, home: values.home ?? defaultHome() }
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause))
  }
}

/** Where `localnet up` writes and `--network localnet` reads. */
export function localnetFile(): string {
  return join(defaultHome(), 'networks', 'localnet.json')
}

/** `--network FILE|NAME`; a name is a file in the user's own networks folder. */
export function readNetwork(fileOrName: string): NetworkFile {
  const path = /^[\w-]+$/.test(fileOrName) ? join(defaultHome(), 'networks', `${fileOrName}.json`) : fileOrName
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new MystError(
      'NetworkFileMissing',
      `The network file ${path} cannot be read; start a local network with "myst localnet up", or name another with --network.`,
      { cause },
    )
  }
  return parseNetworkFile(text, path)
}

export function number(options: Options, name: keyof Options): number | undefined {
  const text = options[name]
  if (text === undefined) return undefined
  const value = Number(text)
  if (typeof text !== 'string' || text.trim() === '' || !Number.isFinite(value))
    throw new UsageError(`--${name} needs a number`)
  return value
}

export function amount(text: string | undefined, what: string): bigint {
  if (text === undefined) throw new UsageError(`${what} is missing`)
  try {
    return parseMyst(text)
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** The filters of `proposals` and `connect`. */
export function filterFrom(options: Options): z.output<typeof proposalFilter> {
  const given = {
    serviceType: options.type,
    country: options.country?.toUpperCase(),
    originCountry: options.origin?.toUpperCase(),
    unit: options.unit,
    maxPricePerUnit: options['max-price'] === undefined ? undefined : amount(options['max-price'], '--max-price'),
    minBandwidthMbps: number(options, 'min-bandwidth'),
    sort: options.sort,
    limit: number(options, 'limit'),
  }
  return parsed(proposalFilter, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
}

/** Checks with the contract's own schema, so that the command line refuses exactly what the node would. */
export function parsed<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new UsageError(`${issue?.path.join('.') ?? 'input'}: ${issue?.message ?? 'not valid'}`)
}

/** `--passphrase-file`, then MYST_PASSPHRASE. One trailing line break of a file is not part of it. */
export function passphraseFrom(options: Options): string {
  const file = options['passphrase-file']
  if (file !== undefined) {
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    } catch (cause) {
      throw new MystError('PassphraseFileUnreadable', `The passphrase file ${file} cannot be read.`, { cause })
    }
  }
  const passphrase = process.env.MYST_PASSPHRASE
  if (!passphrase) throw new UsageError('a passphrase is needed: give --passphrase-file FILE or set MYST_PASSPHRASE')
  return passphrase
}
