import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { z } from 'zod'
import { proposalFilter } from '#shared/contract/commands.ts'
import { type NetworkFile, parseNetworkFile } from '#shared/contract/network-file.ts'
import { firstProblem } from '#shared/errors/first-problem.ts'
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
  'new-passphrase-file': { type: 'string' },
  'without-backup': { type: 'boolean' },
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
  hours: { type: 'string' },
  monthly: { type: 'string' },
  'total-bandwidth': { type: 'string' },
  connections: { type: 'string' },
  'allow-mail': { type: 'boolean' },
  'socks-port': { type: 'string' },
  instead: { type: 'boolean' },
  port: { type: 'string' },
  listen: { type: 'string' },
  name: { type: 'string', multiple: true },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  path: { type: 'string' },
  'lock-after': { type: 'string' },
  before: { type: 'string' },
  all: { type: 'boolean' },
  peer: { type: 'string' },
  'accept-less': { type: 'boolean' },
  'at-once': { type: 'string' },
  threshold: { type: 'string' },
  'max-age': { type: 'string' },
  'keep-promises-private': { type: 'boolean' },
  budget: { type: 'string' },
  drop: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

export type Options = {
  [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name] extends { multiple: true }
    ? string[]
    : (typeof OPTIONS)[Name]['type'] extends 'boolean'
      ? boolean
      : string
}
export type CommandLine = { words: string[]; options: Options; home: string }

export function parseCommandLine(argv: string[]): CommandLine {
  // It would read as an option.
  const negative = argv.find((word) => /^-[\d.]/.test(word))
  if (negative !== undefined) throw new UsageError(`${negative.slice(0, 40)} is below zero; nothing here takes that`)
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

/** What fields of commands are called here, where that is not their own name. */
const OPTION_OF: Record<string, keyof Options> = {
  services: 'service',
  serviceType: 'type',
  originCountry: 'origin',
  maxPricePerUnit: 'max-price',
  minBandwidthMbps: 'min-bandwidth',
  pricePerUnit: 'price',
  bandwidthMbps: 'bandwidth',
  maxSessions: 'max-sessions',
  monthlyBytes: 'monthly',
  totalBandwidthMbps: 'total-bandwidth',
  maxConnections: 'connections',
  socksPort: 'socks-port',
  maxAgeMs: 'max-age',
}

/** As it was typed: a place within a list is nothing that anybody wrote. */
function optionOf(path: readonly PropertyKey[]): string {
  const field = String(path[0] ?? '')
  const option = OPTION_OF[field] ?? field
  return Object.hasOwn(OPTIONS, option) ? `--${option}` : path.join('.')
}

/** Checks with the contract's own schema, so that the command line refuses exactly what the node would. */
export function parsed<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw new UsageError(firstProblem(result.error, '', optionOf))
}

/** `--passphrase-file`, then MYST_PASSPHRASE. */
export function passphraseFrom(options: Options): string {
  const passphrase = passphraseIn(options['passphrase-file']) ?? process.env.MYST_PASSPHRASE
  if (!passphrase) throw new UsageError('a passphrase is needed: give --passphrase-file FILE or set MYST_PASSPHRASE')
  return passphrase
}

/** `--new-passphrase-file`, then MYST_NEW_PASSPHRASE. */
export function newPassphraseFrom(options: Options): string {
  const passphrase = passphraseIn(options['new-passphrase-file']) ?? process.env.MYST_NEW_PASSPHRASE
  if (!passphrase) {
    throw new UsageError('a new passphrase is needed: give --new-passphrase-file FILE or set MYST_NEW_PASSPHRASE')
  }
  return passphrase
}

/** One trailing line break is not part of it. A file that others can read is used, and said to be one. */
function passphraseIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    const stats = statSync(file)
    // pipes (/dev/stdin) have modes that mean nothing; a container's secrets are often 0444 and nobody else is there
    if (process.platform !== 'win32' && stats.isFile() && (stats.mode & 0o077) !== 0) {
      process.stderr.write(
        `Other users of this computer can read the passphrase file ${file}; run: chmod 600 ${file}\n`,
      )
    }
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw new MystError('PassphraseFileUnreadable', `The passphrase file ${file} cannot be read.`, { cause })
  }
}
