import { benchApp } from './app.ts'
import { benchGas } from './gas.ts'
import { benchPayments } from './payments.ts'
import { benchRisk } from './risk.ts'
import { benchTunnel } from './tunnel.ts'

// `npm run bench -- NAME [options]`: ratios side by side, as a table and as JSON in out/bench.
const BENCHES: Record<string, (args: string[]) => Promise<void>> = {
  tunnel: benchTunnel,
  payments: benchPayments,
  risk: benchRisk,
  gas: benchGas,
  app: benchApp,
}

const [name = '', ...args] = process.argv.slice(2)
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
if (!bench) {
  process.stderr.write(`npm run bench -- ${Object.keys(BENCHES).join(' | ')}\n`)
  process.exit(2)
}
await bench(args)
