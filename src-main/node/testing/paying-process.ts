import { Wallet } from 'ethers'
import { createChain } from '../chain/create-chain.ts'
import { systemClock } from '../lib/clock.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createTransactionJournal } from '../storage/transaction-journal.ts'
import { createGasAccount } from './gas-account.ts'

/*
 * A program that pays and can be killed: `node paying-process.ts '{…}'` with network, path of the database,
 * key of the gas account, what to do, and at which point to hold still until it is killed. It prints one
 * JSON object per line: `at` when a point is reached, `done` with the hash, or `failed` with the error's name.
 */
const { network, path, key, identity, amount, work, holdAt } = JSON.parse(process.argv[2] ?? '{}')

function point(at: 'signed' | 'broadcast' | 'mined'): Promise<void> | undefined {
  process.stdout.write(`${JSON.stringify({ at })}\n`)
  return at === holdAt ? new Promise(() => undefined) : undefined
}

const store = openStore(path)
migrate(store)
const chain = createChain({
  network,
  clock: systemClock,
  journal: createTransactionJournal(store),
  async fetch(url, init) {
    const { method } = JSON.parse(String(init?.body))
    if (method === 'eth_sendRawTransaction') await point('signed')
    const text = await (await fetch(url, init)).text()
    if (method === 'eth_sendRawTransaction') await point('broadcast')
    if (method === 'eth_getTransactionReceipt' && JSON.parse(text).result) await point('mined')
    return new Response(text)
  },
})
const gas = createGasAccount(new Wallet(key))
const finished = (line: object) => {
  process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit(0))
}

chain.follow(gas, ({ state, hash }) => {
  if (work === 'go on' && state !== 'pending') finished({ done: hash, state })
})
if (work === 'deposit') {
  chain.deposit(identity, BigInt(amount), gas).then(
    ({ hash }) => finished({ done: hash }),
    (error: Error) => finished({ failed: error.name }),
  )
}
// Timers of the chain never keep a process alive.
setInterval(() => undefined, 2 ** 30)
