import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { createKeystore } from '../../src-main/node/identity/keystore.ts'
import { systemClock } from '../../src-main/node/lib/clock.ts'
import { createLogger } from '../../src-main/node/lib/logger.ts'
import { createMarket } from '../../src-main/node/market.ts'
import { inboxTopic } from '../../src-main/node/messaging/broker-login.ts'
import { createPaymentsOverDialogue } from '../../src-main/node/payments-over-dialogue.ts'
import { createLedgerRepository } from '../../src-main/node/storage/ledger-repository.ts'
import { migrate } from '../../src-main/node/storage/migrate.ts'
import { openStore } from '../../src-main/node/storage/open-store.ts'
import { parseNetworkFile } from '../../src-shared/contract/network-file.ts'
import { identityId } from '../../src-shared/model/identity.ts'
import { tellingLedger } from './telling-ledger.ts'
import { policyOf, TERMS, type Told } from './terms.ts'
import { charge, pay } from './trade.ts'

/**
 * One of two nodes that pay each other until they are killed: the parts of a real node, as the agent
 * composes them, on a home of their own. Everything that another start finds is on disk.
 *
 *   node e2e/crash/node.ts issuer|benefiter HOME NETWORK_FILE PEER
 *
 * Prints a line of `Told` for what happens. Reads commands, one a line: `open updates` or `open new-promises` (what
 * a benefiter asks for) opens the books and says so; `talk` goes online and opens a dialogue with the peer; `clear` and `pause` say when they are done.
 * Ends with its standard input.
 */
const [role, home, networkPath, peer] = z
  .tuple([z.enum(['issuer', 'benefiter']), z.string(), z.string(), identityId])
  .parse(process.argv.slice(2))
const clock = systemClock
const log = createLogger((line) => process.stderr.write(`${line}\n`), role, 'warn')
// A write to a pipe is over when it returns: what was told was told before anything else happens.
const tell = (told: Told) => void process.stdout.write(`${JSON.stringify(told)}\n`)

async function open(updates: boolean) {
  const network = parseNetworkFile(readFileSync(networkPath, 'utf8'), networkPath)
  const store = openStore(join(home, 'node.db'))
  migrate(store)
  const keystore = createKeystore(join(home, 'keystore'), { log })
  const id = (await keystore.list())[0]?.id
  if (id === undefined) throw new Error(`There is no identity in ${home}.`)
  const own = await keystore.unlock(id, TERMS.passphrase)
  const market = createMarket({ network, store, isOwn: (one) => one === id, clock, log })
  const ledger = tellingLedger(createLedgerRepository(store, id), tell)
  const { channel, dialogues, payments } = createPaymentsOverDialogue(
    { market, ledger, clock, log },
    { ...own, policy: () => policyOf(updates) },
  )
  const deps = { payments, ledger, clock, peer, tell }
  const trade = role === 'issuer' ? pay(deps) : charge(deps)
  tell({ event: 'open' })

  return {
    async talk() {
      dialogues.onIncoming(trade.take)
      market.follower.start()
      if (!market.registry.publicKey(peer)) await market.follower.reached((await market.chain.head()).number)
      const { promise: online, resolve } = Promise.withResolvers<void>()
      channel.onOnline((is) => is && resolve())
      await channel.start()
      await online
      tell({ event: 'online' })
      trade.take(await dialogues.open(peer, [{ channel: 'mqtt', address: inboxTopic(peer) }]))
    },
    pause: trade.pause,
    async clear() {
      tell({ event: 'clearing' })
      const results = await payments.clear(peer)
      tell({
        event: 'cleared',
        serials: results.flatMap(({ serial, message }) => (message === undefined ? [String(serial)] : [])),
        problems: results.flatMap(({ message }) => message ?? []),
      })
    },
  }
}

tell({ event: 'loaded' })
let node: Awaited<ReturnType<typeof open>> | undefined
for await (const command of createInterface({ input: process.stdin })) {
  if (command.startsWith('open')) node = await open(command === 'open updates')
  else if (command === 'talk' || command === 'clear' || command === 'pause') {
    node?.[command]().catch((error: unknown) => {
      process.stderr.write(`${command} failed: ${error instanceof Error ? error.stack : String(error)}\n`)
      process.exit(1)
    })
  }
}
process.exit(0)
