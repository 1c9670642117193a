import type { FeeQuote, PromiseView } from '#shared/contract/answers.ts'
import type { CommandParsed } from '#shared/contract/commands.ts'
import type { WalletState } from '#shared/contract/state.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import { type Amount, formatMyst } from '#shared/model/units.ts'
import type { Chain, Hex } from '../ports/chain.ts'
import { GAS, gasToClear, withReserve } from './gas-use.ts'

type Question = CommandParsed<'wallet.quote'>
type Plan = { units: bigint; fee: Amount; amount: Amount; noticeMs?: number; problem?: string | undefined }

/**
 * What an action will cost, before anything is signed. The estimate is the usual gas at the present price; the
 * most is what the signed gas limit costs when the fee has been raised as far as it may be.
 */
export function createQuote(deps: {
  chain: Pick<
    Chain,
    'gasPrice' | 'gasBalanceOf' | 'balanceOf' | 'tokenBalanceOf' | 'registrationFee' | 'networkFeeBps' | 'noticePeriod'
  >
  identity: IdentityId
  gasAddress: Hex
  isRegistered: () => boolean
  promises: () => readonly PromiseView[]
  underWay: () => WalletState['transaction']
}): (question: Question) => Promise<FeeQuote> {
  const { chain, identity, gasAddress } = deps

  async function plan({ what, amount = 0n, peer, services = 1 }: Question): Promise<Plan> {
    switch (what) {
      case 'register': {
        const [fee, held] = await Promise.all([chain.registrationFee(), chain.tokenBalanceOf(gasAddress)])
        const problem = deps.isRegistered() ? 'This identity is registered already.' : missing(fee, held)
        return { units: GAS.approve + GAS.register, fee, amount: 0n, problem }
      }
      case 'deposit': {
        const held = await chain.tokenBalanceOf(gasAddress)
        return { units: GAS.deposit, fee: 0n, amount, problem: nothing(amount) ?? missing(amount, held) }
      }
      case 'withdraw': {
        const [balance, notice] = await Promise.all([chain.balanceOf(identity), chain.noticePeriod()])
        const tooMuch =
          amount > balance ? `The account holds ${formatMyst(balance)} MYST; withdraw that much or less.` : undefined
        // Announced now, executed by this node after the notice period.
        const units = GAS.announceWithdrawal + GAS.executeWithdrawal
        return { units, fee: 0n, amount, noticeMs: notice * 1000, problem: nothing(amount) ?? tooMuch }
      }
      case 'call-off':
        return { units: GAS.announceWithdrawal, fee: 0n, amount: 0n }
      case 'announce':
        return { units: BigInt(services) * GAS.announce, fee: 0n, amount: 0n }
      case 'clear': {
        const bps = await chain.networkFeeBps()
        const waiting = deps
          .promises()
          .filter((one) => one.direction === 'received' && one.state !== 'cleared' && (!peer || one.peer === peer))
        return {
          units: gasToClear(waiting),
          fee: waiting.reduce((sum, one) => sum + (one.amount * bps) / 10_000n, 0n),
          amount: waiting.reduce((sum, one) => sum + one.amount, 0n),
          problem: waiting.length === 0 ? 'There is nothing to clear.' : undefined,
        }
      }
    }
  }

  function missing(needed: Amount, held: Amount): string | undefined {
    if (held >= needed) return undefined
    return `The gas account ${gasAddress} holds ${formatMyst(held)} MYST and ${formatMyst(needed)} are needed; send the rest to it.`
  }

  return async (question) => {
    const [{ units, fee, amount, noticeMs, problem }, price, gasAvailable] = await Promise.all([
      plan(question),
      chain.gasPrice(),
      chain.gasBalanceOf(gasAddress),
    ])
    const tooLittle = gasAvailable < withReserve(units) * price.toBegin
    const said =
      problem ??
      (tooLittle ? `The gas account ${gasAddress} does not hold enough ether for the fee; send some to it.` : busy())
    return {
      gas: units * price.now,
      maxGas: withReserve(units) * price.most,
      gasAvailable,
      fee,
      amount,
      ...(noticeMs === undefined ? {} : { noticeMs }),
      ...(said === undefined ? {} : { problem: said }),
    }
  }

  function busy(): string | undefined {
    const { state, what } = deps.underWay() ?? {}
    return state === 'pending' || state === 'replaced'
      ? `An earlier transaction (${what}) is not mined yet; this one has to wait for it.`
      : undefined
  }
}

function nothing(amount: Amount): string | undefined {
  return amount === 0n ? 'Say how much: an amount above 0 MYST.' : undefined
}
