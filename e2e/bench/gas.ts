import { type GasCost, measureGasCosts } from '../../src-main/node/testing/gas-costs.ts'
import { keep, row } from './report.ts'

/** What is asked of the contracts, for whole transactions; per promise where several share one. */
const LIMITS: Record<string, number> = { clear: 54_000, clearMany: 18_500 }

export type GasRow = { name: string; what: string; perPromise: number; toTransfer: number; toHub: number } & (
  | { limit: number; met: boolean }
  | { limit?: never; met?: never }
)

/** By the receipts of one run on a local chain: ours beside a bare transfer of the token and a settlement by a hub. */
export async function measureGas(): Promise<GasRow[]> {
  const costs = await measureGasCosts()
  const per = ({ gas, promises }: GasCost) => gas / promises
  return Object.entries(costs).map(([name, cost]) => {
    const limit = LIMITS[name]
    return {
      name,
      what: cost.what,
      perPromise: per(cost),
      toTransfer: per(cost) / per(costs.transfer),
      toHub: per(cost) / per(costs.hub),
      ...(limit === undefined ? {} : { limit, met: per(cost) <= limit }),
    }
  })
}

export async function benchGas(): Promise<void> {
  const rows = await measureGas()
  process.stdout.write(`${gasTable(rows).join('\n')}\n`)
  keep('gas', { rows })
}

export function gasTable(rows: readonly GasRow[]): string[] {
  return [
    row('', 'gas', '/ transfer', '/ hub', 'at most', ''),
    ...rows.map(({ what, perPromise, toTransfer, toHub, limit, met }) =>
      row(
        what,
        perPromise.toFixed(0),
        toTransfer.toFixed(2),
        toHub.toFixed(2),
        limit?.toString() ?? '',
        met === undefined ? '' : met ? 'met' : 'missed',
      ),
    ),
    '',
    'Whole transactions from their receipts; a batch is divided by its promises.',
  ]
}
