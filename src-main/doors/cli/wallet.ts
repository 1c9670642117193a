import type { FeeQuote, PromiseView } from '#shared/contract/answers.ts'
import { type CommandInput, commands } from '#shared/contract/commands.ts'
import type { AppState } from '#shared/contract/state.ts'
import { identityId } from '#shared/model/identity.ts'
import { formatMyst } from '#shared/model/units.ts'
import type { NodeAccess } from '../client.ts'
import { openNode } from './access.ts'
import { amount, type CommandLine, number, parsed, UsageError } from './arguments.ts'
import { historyRow, type Json, type Output, promiseRow } from './output.ts'
import { online, unlocked } from './waiting.ts'

const USAGE =
  'wallet show | faucet AMOUNT | deposit AMOUNT | withdraw AMOUNT --to 0x… | call-off | history [--limit N] [--before BLOCK] | quote register | quote deposit AMOUNT | quote withdraw AMOUNT | quote clear [--peer ID] | quote announce [SERVICES]'

type Act = (access: NodeAccess, output: Output) => Promise<void>

/** What is wrong with the words is said before a node is opened. */
export async function wallet(line: CommandLine, output: Output): Promise<number> {
  const act = understand(line)
  const access = await openNode(line)
  try {
    await unlocked(access, line.options)
    await online(access)
    await act(access, output)
    return 0
  } finally {
    await access.close()
  }
}

function understand({ words, options }: CommandLine): Act {
  const [, verb, argument] = words
  const asked = () => amount(argument, 'AMOUNT')
  switch (verb) {
    case 'show':
      return show
    case 'faucet': {
      const input = parsed(commands['wallet.faucet'].input, { amount: asked() })
      return async (access, output) => {
        await access.call('wallet.faucet', input)
        await tell(access, output)
      }
    }
    case 'deposit': {
      const withoutBackup = options['without-backup'] ?? false
      const input = parsed(commands['wallet.deposit'].input, { amount: asked(), withoutBackup })
      return async (access, output) => {
        const { transaction, gasPaid } = await access.call('wallet.deposit', input)
        await tell(access, output, { transaction, gasPaidEther: formatMyst(gasPaid) })
      }
    }
    case 'withdraw': {
      if (options.to === undefined) throw new UsageError('wallet withdraw AMOUNT --to 0x…')
      const input = parsed(commands['wallet.withdraw'].input, { amount: asked(), to: options.to })
      return async (access, output) => {
        const { transaction, gasPaid, executableAtMs } = await access.call('wallet.withdraw', input)
        const executableAt = new Date(executableAtMs).toISOString()
        await tell(access, output, { transaction, gasPaidEther: formatMyst(gasPaid), executableAt })
      }
    }
    case 'call-off':
      return async (access, output) => {
        const { transaction, gasPaid } = await access.call('wallet.callOff', {})
        await tell(access, output, { transaction, gasPaidEther: formatMyst(gasPaid) })
      }
    case 'history': {
      const page = { limit: number(options, 'limit'), beforeBlock: number(options, 'before') }
      const given = Object.fromEntries(Object.entries(page).filter(([, value]) => value !== undefined))
      const input = parsed(commands['wallet.history'].input, given)
      return async (access, output) =>
        output.table((await access.call('wallet.history', input)).map(historyRow), 'Nothing has moved yet.')
    }
    case 'quote':
      return quote(words, options.peer)
    default:
      throw new UsageError(USAGE)
  }
}

function quote(words: string[], peer: string | undefined): Act {
  const [, , what, argument] = words
  const services = what === 'announce' ? argument : undefined
  if (services !== undefined && !/^[12]$/.test(services))
    throw new UsageError('SERVICES is how many are announced, 1 or 2')
  const needsAmount = what === 'deposit' || what === 'withdraw'
  const input: CommandInput<'wallet.quote'> = parsed(commands['wallet.quote'].input, {
    what,
    ...(needsAmount ? { amount: amount(argument, 'AMOUNT') } : {}),
    ...(services === undefined ? {} : { services: Number(services) }),
    ...(peer === undefined ? {} : { peer: parsed(identityId, peer) }),
  })
  return async (access, output) => {
    const answer = await access.call('wallet.quote', input)
    output.line({ what: input.what, ...quoteObject(answer) }, quoteSentence(input.what, answer))
  }
}

/** The wallet after something was done, with what that was. */
async function tell(access: NodeAccess, output: Output, extra: { [key: string]: string } = {}): Promise<void> {
  const shown = walletObject(await access.call('state.get', {}))
  const fee = extra.gasPaidEther === undefined ? '' : `Mined in ${extra.transaction} for ${extra.gasPaidEther} ETH.\n`
  const due = extra.executableAt === undefined ? '' : `It is executed after ${extra.executableAt}.\n`
  output.line(
    { ...shown, ...extra },
    `${fee}${due}${shown.identity}: balance ${shown.balanceMyst} MYST, not yet deposited ${shown.undepositedMyst} MYST, gas ${shown.gasEther} ETH at ${shown.gasAddress}`,
  )
}

async function show(access: NodeAccess, output: Output): Promise<void> {
  const state = await access.call('state.get', {})
  const promises = await access.call('promises.list', {})
  output.line({ ...walletObject(state), promises: promises.map(promiseRow) }, describe(state, promises))
}

function describe({ wallet, identity }: AppState, promises: readonly PromiseView[]): string {
  const { withdrawal, transaction, transactionsLeft, runsOutFirst } = wallet
  const lines = [
    `${identity.active} (${identity.registration})`,
    `balance ${formatMyst(wallet.balance)} MYST, receivable ${formatMyst(wallet.receivable)}, payable ${formatMyst(wallet.payable)}`,
    `not yet deposited ${formatMyst(wallet.undeposited)} MYST, gas ${formatMyst(wallet.gas)} ETH at ${identity.gasAddress}`,
  ]
  if (transactionsLeft !== undefined) lines.push(`the gas is good for about ${transactionsLeft} more transactions`)
  if (runsOutFirst !== undefined) {
    lines.push(`as used lately, ${runsOutFirst === 'gas' ? 'the gas' : 'the balance'} runs out first`)
  }
  if (withdrawal) {
    const at = new Date(withdrawal.executableAtMs).toISOString()
    const when = withdrawal.executableAtMs > Date.now() ? `executed after ${at}` : `due since ${at}`
    lines.push(`withdrawal of ${formatMyst(withdrawal.amount)} MYST to ${withdrawal.to}, ${when}`)
  }
  if (transaction) {
    const { what, state, hash, message } = transaction
    lines.push(`last transaction: ${what} ${state}${hash ? ` ${hash}` : ''}${message ? ` (${message})` : ''}`)
  }
  for (const { direction, peer, serial, amount, state } of promises) {
    lines.push(`promise ${direction} ${peer}/${serial}: ${formatMyst(amount)} MYST, ${state}`)
  }
  return lines.join('\n')
}

function walletObject({ wallet, identity }: AppState): { [key: string]: Json } {
  const { withdrawal, transaction } = wallet
  return {
    identity: identity.active ?? null,
    registration: identity.registration,
    gasAddress: identity.gasAddress ?? null,
    balanceMyst: formatMyst(wallet.balance),
    undepositedMyst: formatMyst(wallet.undeposited),
    gasEther: formatMyst(wallet.gas),
    transactionsLeft: wallet.transactionsLeft ?? null,
    runsOutFirst: wallet.runsOutFirst ?? null,
    receivableMyst: formatMyst(wallet.receivable),
    payableMyst: formatMyst(wallet.payable),
    paidAheadMyst: formatMyst(wallet.paidAhead),
    registrationFeeMyst: formatMyst(wallet.registrationFee),
    networkFeeBps: wallet.networkFeeBps,
    withdrawal: withdrawal
      ? {
          amountMyst: formatMyst(withdrawal.amount),
          to: withdrawal.to,
          state: withdrawal.executableAtMs > Date.now() ? 'announced' : 'executable',
          executableAt: new Date(withdrawal.executableAtMs).toISOString(),
        }
      : null,
    lastTransaction: transaction ? { ...transaction } : null,
  }
}

function quoteObject({ gas, maxGas, gasAvailable, fee, amount, problem }: FeeQuote): { [key: string]: Json } {
  return {
    gasEther: formatMyst(gas),
    maxGasEther: formatMyst(maxGas),
    gasAvailableEther: formatMyst(gasAvailable),
    feeMyst: formatMyst(fee),
    amountMyst: formatMyst(amount),
    problem: problem ?? null,
  }
}

function quoteSentence(what: string, { gas, maxGas, gasAvailable, fee, amount, problem }: FeeQuote): string {
  const moves = amount > 0n ? ` ${formatMyst(amount)} MYST` : ''
  return [
    `${what}${moves}: fee ${formatMyst(fee)} MYST, gas about ${formatMyst(gas)} ETH and at most ${formatMyst(maxGas)}; the gas account holds ${formatMyst(gasAvailable)} ETH.`,
    ...(problem === undefined ? [] : [problem]),
  ].join('\n')
}
