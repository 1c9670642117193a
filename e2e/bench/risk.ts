import { parseArgs } from 'node:util'
import { type Losses, simulateOverPromising } from '../../src-main/node/testing/over-promising.ts'
import { formatMyst, MYST } from '../../src-shared/model/units.ts'
import { keep, row } from './report.ts'

/**
 * One deposit promised to many providers: what each of them has served and is never paid for, when they tell each
 * other of promises and when they do not, under the default credit and clearing policies.
 */
export async function benchRisk(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      providers: { type: 'string', default: '50' },
      bystanders: { type: 'string', default: '0' },
      deposit: { type: 'string', default: '5' },
    },
  })
  const [providers, bystanders] = [Number(values.providers), Number(values.bystanders)]
  const deposit = BigInt(values.deposit) * MYST
  const results: { issuer: string; isSharing: boolean; losses: Losses }[] = []
  process.stdout.write(
    `${providers} providers among ${providers + bystanders}, one deposit of ${formatMyst(deposit)} MYST promised to each; losses in MYST\n`,
  )
  for (const issuer of ['patient', 'greedy'] as const) {
    process.stdout.write(`\n${row(`${issuer} issuer`, 'min', 'median', 'max', 'total', 'paid')}\n`)
    for (const isSharing of [false, true]) {
      const losses = await simulateOverPromising({ providers, bystanders, deposit, isSharing, issuer })
      const paid = short(losses.paid)
      results.push({ issuer, isSharing, losses })
      process.stdout.write(`${isSharing ? 'telling each other' : 'each by itself'}\n`)
      process.stdout.write(`${row('  served and not paid', ...spread(losses.used), paid)}\n`)
      process.stdout.write(`${row('  promised and not paid', ...spread(losses.promised), paid)}\n`)
    }
  }
  keep('risk', { providers, bystanders, deposit, results })
}

function spread(ascending: readonly bigint[]): string[] {
  const total = ascending.reduce((sum, one) => sum + one, 0n)
  return [ascending[0], ascending[ascending.length >> 1], ascending.at(-1), total].map((one) => short(one ?? 0n))
}

const short = (amount: bigint) => (Number(amount / (MYST / 10_000n)) / 10_000).toFixed(3)
