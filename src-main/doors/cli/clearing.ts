import type { RiskView } from '#shared/contract/answers.ts'
import type { CommandInput } from '#shared/contract/commands.ts'
import { commands } from '#shared/contract/commands.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { formatMyst } from '#shared/model/units.ts'
import { openNode } from './access.ts'
import { amount, type CommandLine, number, type Options, parsed, UsageError } from './arguments.ts'
import type { Output } from './output.ts'
import { online, unlocked } from './waiting.ts'

const HOUR_MS = 3_600_000
const MOST_HOURS = 365 * 24

/** Clears what others promised: one row a promise. What could not be cleared makes the exit code 1. */
export async function clear(line: CommandLine, output: Output): Promise<number> {
  const { options } = line
  const input = parsed(commands['promises.clear'].input, {
    ...(options.peer === undefined ? {} : { peer: options.peer }),
    ...(options['accept-less'] ? { acceptLess: true } : {}),
  })
  const access = await openNode(line)
  try {
    await unlocked(access, options)
    await online(access)
    const results = await access.call('promises.clear', input)
    output.table(
      results.map((result) => ({
        peer: result.peer,
        serial: result.serial.toString(),
        amountMyst: formatMyst(result.amount),
        clearedMyst: result.cleared === undefined ? null : formatMyst(result.cleared),
        feeMyst: formatMyst(result.fee),
        transaction: result.transaction ?? null,
        gasPaidEther: result.gasPaid === undefined ? null : formatMyst(result.gasPaid),
        message: result.message ?? null,
      })),
      'Nothing to clear.',
    )
    const refused = results.filter(({ message }) => message !== undefined)
    if (refused.length > 0)
      throw new MystError('NotCleared', `${refused.length} of ${results.length} promises could not be cleared.`)
    return 0
  } finally {
    await access.close()
  }
}

/** Shows when promises are cleared without being asked; with options, changes it first. */
export async function clearing(line: CommandLine, output: Output): Promise<number> {
  const change = policyChange(line.options)
  const access = await openNode(line)
  try {
    await unlocked(access, line.options)
    const before = (await access.call('state.get', {})).wallet.clearingPolicy
    if (Object.keys(change).length > 0) {
      await access.call('promises.setPolicy', parsed(commands['promises.setPolicy'].input, { ...before, ...change }))
    }
    const { atOnce, threshold, maxAgeMs } = (await access.call('state.get', {})).wallet.clearingPolicy
    const rules = [
      ...(threshold > 0n ? [`at ${formatMyst(threshold)} MYST`] : []),
      ...(maxAgeMs > 0 ? [`after ${maxAgeMs / HOUR_MS} hours`] : []),
    ]
    output.line(
      { atOnce, thresholdMyst: formatMyst(threshold), maxAgeHours: maxAgeMs / HOUR_MS },
      `Promises are cleared ${atOnce ? 'at once' : `${rules.join(' or ') || 'only when asked for'}, and earlier when they are at risk or somebody's credit is used up`}.`,
    )
    return 0
  } finally {
    await access.close()
  }
}

function policyChange(options: Options): Partial<CommandInput<'promises.setPolicy'>> {
  const { 'at-once': atOnce, threshold } = options
  const hours = number(options, 'max-age')
  if (atOnce !== undefined && atOnce !== 'on' && atOnce !== 'off') throw new UsageError('--at-once on|off')
  if (hours !== undefined && !(Number.isInteger(hours) && hours >= 0 && hours <= MOST_HOURS))
    throw new UsageError(`--max-age: a whole number of hours, at most a year (${MOST_HOURS})`)
  return {
    ...(atOnce === undefined ? {} : { atOnce: atOnce === 'on' }),
    ...(threshold === undefined ? {} : { threshold: amount(threshold, '--threshold') }),
    ...(hours === undefined ? {} : { maxAgeMs: hours * HOUR_MS }),
  }
}

/** Every issuer that owes something, with what is known of it. */
export async function risk(line: CommandLine, output: Output): Promise<number> {
  const access = await openNode(line)
  try {
    await unlocked(access, line.options)
    await online(access)
    output.table((await access.call('promises.risk', {})).map(riskRow), 'Nobody owes anything.')
    return 0
  } finally {
    await access.close()
  }
}

function riskRow(view: RiskView) {
  return {
    issuer: view.issuer,
    balanceMyst: formatMyst(view.balance),
    owesHereMyst: formatMyst(view.outstandingHere),
    owesElsewhereMyst: formatMyst(view.outstandingElsewhere),
    exposureMyst: formatMyst(view.exposure),
    uncoveredMyst: formatMyst(view.uncovered),
    verdict: view.verdict,
    creditMyst: formatMyst(view.credit),
    clearedHereMyst: formatMyst(view.clearedHere),
    clearedInAllMyst: formatMyst(view.clearedInAll),
    registeredMyst: formatMyst(view.registeredValue),
    oldestPromiseAt: new Date(view.oldestPromiseAtMs).toISOString(),
    withdrawalAnnounced: view.withdrawalAnnounced,
    clearing: view.clearing,
    clearingGasEther: formatMyst(view.clearingGas),
  }
}
