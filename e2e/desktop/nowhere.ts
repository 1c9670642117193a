import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The file of a network on which nothing answers: an app must open all the same, and say so. */
export function nowhereNetwork(dir: string): string {
  const address = `0x${'11'.repeat(20)}`
  const file = join(dir, 'nowhere.json')
  writeFileSync(
    file,
    JSON.stringify({
      name: 'nowhere',
      chainId: 31337,
      rpc: ['http://127.0.0.1:9'],
      contracts: { token: address, identityRegistry: address, serviceDirectory: address, paymentAccounts: address },
      startBlock: 0,
      brokers: ['mqtt://127.0.0.1:9'],
    }),
  )
  return file
}
