import { MystError } from '#shared/errors/myst-error.ts'
import { formatMyst } from '#shared/model/units.ts'
import { openNode } from './access.ts'
import { amount, type CommandLine, filterFrom, number, UsageError } from './arguments.ts'
import { type Output, promiseRow, proposalRow, sessionRow, walletObject } from './output.ts'
import { online, unlocked } from './waiting.ts'

export async function wallet(line: CommandLine, output: Output): Promise<number> {
  const [, verb, argument] = line.words
  if (!['show', 'faucet', 'deposit', 'withdraw'].includes(verb ?? '')) {
    throw new UsageError('wallet show | faucet AMOUNT | deposit AMOUNT | withdraw AMOUNT --to 0x…')
  }
  const wanted = verb === 'show' ? 0n : amount(argument, 'AMOUNT')
  if (verb === 'withdraw' && line.options.to === undefined) throw new UsageError('wallet withdraw AMOUNT --to 0x…')
  const withoutBackup = line.options['without-backup'] ?? false
  const access = await openNode(line)
  try {
    await unlocked(access, line.options)
    await online(access)
    let extra: { [key: string]: string } = {}
    if (verb === 'faucet') await access.call('wallet.faucet', { amount: wanted })
    if (verb === 'deposit') extra = await access.call('wallet.deposit', { amount: wanted, withoutBackup })
    if (verb === 'withdraw') {
      const { transaction, executableAtMs } = await access.call('wallet.withdraw', {
        amount: wanted,
        to: line.options.to ?? '',
      })
      extra = { transaction, executableAt: new Date(executableAtMs).toISOString() }
    }
    const state = await access.call('state.get', {})
    const shown = walletObject(state)
    output.line(
      { ...shown, ...extra },
      `${shown.identity}: balance ${shown.balanceMyst} MYST, not yet deposited ${shown.undepositedMyst} MYST, gas ${shown.gasEther} ETH at ${shown.gasAddress}`,
    )
    return 0
  } finally {
    await access.close()
  }
}

export async function proposals(line: CommandLine, output: Output): Promise<number> {
  const filter = filterFrom(line.options)
  const access = await openNode(line)
  try {
    await online(access)
    output.table((await access.call('proposals.query', filter)).map(proposalRow), 'No proposal matches.')
    return 0
  } finally {
    await access.close()
  }
}

export async function sessions(line: CommandLine, output: Output): Promise<number> {
  const limit = number(line.options, 'limit')
  const access = await openNode(line)
  try {
    const all = await access.call('sessions.list', limit === undefined ? {} : { limit })
    output.table(all.map(sessionRow), 'No session yet.')
    return 0
  } finally {
    await access.close()
  }
}

export async function promises(line: CommandLine, output: Output): Promise<number> {
  const access = await openNode(line)
  try {
    await unlocked(access, line.options)
    output.table((await access.call('promises.list', {})).map(promiseRow), 'No promise yet.')
    return 0
  } finally {
    await access.close()
  }
}

export async function clear(line: CommandLine, output: Output): Promise<number> {
  const access = await openNode(line)
  try {
    await unlocked(access, line.options)
    await online(access)
    const results = await access.call('promises.clear', {})
    output.table(
      results.map((result) => ({
        peer: result.peer,
        serial: result.serial.toString(),
        amountMyst: formatMyst(result.amount),
        feeMyst: formatMyst(result.fee),
        transaction: result.transaction ?? null,
        message: result.message ?? null,
      })),
      'Nothing to clear.',
    )
    const refused = results.filter((result) => result.transaction === undefined)
    if (refused.length > 0)
      throw new MystError('NotCleared', `${refused.length} of ${results.length} promises could not be cleared.`)
    return 0
  } finally {
    await access.close()
  }
}
