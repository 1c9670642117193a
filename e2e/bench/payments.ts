import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { systemClock } from '../../src-main/node/lib/clock.ts'
import { silentLogger } from '../../src-main/node/lib/logger.ts'
import { inJavaScript, inNative } from '../../src-main/node/lib/secp256k1.ts'
import { createChainFacts } from '../../src-main/node/payments/chain-facts.ts'
import { createPayments } from '../../src-main/node/payments/create-payments.ts'
import type { PaymentsDeps } from '../../src-main/node/payments/deps.ts'
import type { Dialogue } from '../../src-main/node/ports/dialogue.ts'
import type { UnlockedIdentity } from '../../src-main/node/ports/identity.ts'
import {
  PAYMENT_ACCEPT,
  PAYMENT_PROPOSAL,
  type PaymentPolicy,
  proposalBody,
} from '../../src-main/node/protocol/payment.ts'
import { createRegistry } from '../../src-main/node/registry/registry.ts'
import { createChainRepository } from '../../src-main/node/storage/chain-repository.ts'
import { createLedgerRepository } from '../../src-main/node/storage/ledger-repository.ts'
import { migrate } from '../../src-main/node/storage/migrate.ts'
import { openStore } from '../../src-main/node/storage/open-store.ts'
import { createDialoguePair } from '../../src-main/node/testing/dialogue-pair.ts'
import { createMemoryChain, noGas } from '../../src-main/node/testing/memory-chain.ts'
import { createMemoryRegistry, createTestIdentity } from '../../src-main/node/testing/memory-registry.ts'
import type { SignedPromise } from '../../src-shared/model/promise.ts'
import { MYST } from '../../src-shared/model/units.ts'
import { type GasRow, gasTable, measureGas } from './gas.ts'
import { keep, median, OUT, range, row, sayIfBusy } from './report.ts'

/**
 * How fast a provider takes promises: the benefiter's own handler, from the body of a payment proposal to its
 * reply (parse, verify, check, commit on a real file, answer), for many issuers with one proposal under way each. Beside it,
 * in turns, what neither can be faster than: recovering a signature with the same library, and a
 * commit of a row of the same size to a file beside it with the same settings.
 */
const GOAL = 0.8
const STEP = 10n ** 12n
const POLICY: PaymentPolicy = {
  minimumIncrease: STEP,
  maximumPromise: 50n * MYST,
  updateAllowed: true,
  freeTrial: 0n,
  feeBps: 100,
}
const COMMITS_A_ROUND = 1_000
const WHOLE_WAY_MS = 5_000

type Proposal = { promise: SignedPromise; body: unknown; recover: { rs: Uint8Array; bit: number; digest: Uint8Array } }
type Round = { accepted: number; recovered: number; committed: number }

export async function benchPayments(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '7' },
      issuers: { type: 'string', default: '64' },
      promises: { type: 'string', default: '16' },
    },
  })
  const [rounds, issuers, promises] = [values.rounds, values.issuers, values.promises].map(Number) as [
    number,
    number,
    number,
  ]
  if (![rounds, issuers, promises].every((count) => Number.isInteger(count) && count > 0)) {
    throw new Error('--rounds N --issuers N --promises N (of each issuer in a round)')
  }
  const busy = sayIfBusy()
  process.stdout.write('Gas, on a local chain…\n')
  const gas = await measureGas()
  mkdirSync(OUT, { recursive: true })
  const folder = mkdtempSync(join(OUT, 'payments-'))
  try {
    process.stdout.write(`Signing ${issuers * promises * (rounds + 1)} promises of ${issuers} issuers…\n`)
    const provider = createProvider(join(folder, 'node.db'), issuers)
    const rows = createRows(join(folder, 'rows.db'))
    const lanes = provider.lanes.map(({ issuer }) => provider.sign(issuer, promises * (rounds + 1)))
    const done: Round[] = []
    for (let round = 0; round <= rounds; round++) {
      const share = lanes.map((lane) => lane.slice(round * promises, (round + 1) * promises))
      const measured = {
        accepted: await perSecond(issuers * promises, () => provider.take(share)),
        recovered: await perSecond(issuers * promises, () => recoverAll(share.flat())),
        committed: await perSecond(COMMITS_A_ROUND, () => rows.commit(share.flat(), COMMITS_A_ROUND)),
      }
      // The first is for warming up.
      if (round > 0) done.push(measured)
    }
    rows.close()
    provider.close()
    process.stdout.write('The whole way, through dialogue and encryption, both ends in this process…\n')
    const wholeWay = await measureWholeWay()
    report({ rounds, issuers, promises, busy, done, wholeWay, gas })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A provider whose books, and whose copy of the chain, are in one file, as they are in a node. */
function createProvider(path: string, count: number) {
  const store = openStore(path)
  migrate(store)
  const blocks = createChainRepository(store)
  const registry = createRegistry({ repository: blocks, log: silentLogger })
  const chain = createMemoryChain(registry)
  const identity = createTestIdentity()
  blocks.addBlock({ number: 1, hash: '0x01' }, false)
  const lanes = Array.from({ length: count }, (_, index) => {
    const issuer = createTestIdentity()
    const place = { blockNumber: 1, blockHash: '0x01', transactionHash: '0x01' } as const
    blocks.addRegistration({
      ...{ ...place, logIndex: 2 * index, name: 'Registered', identity: issuer.id, publicKey: issuer.publicKey },
      value: 100n * MYST,
    })
    const deposit = { ...place, logIndex: 2 * index + 1, name: 'Deposited', identity: issuer.id, amount: MYST } as const
    blocks.addAccountEvent(deposit, identity.id)
    return { issuer, port: createPort(issuer.id) }
  })
  const payments = createPayments({
    ...{ identity, chain, registry, clock: systemClock, log: silentLogger },
    ledger: createLedgerRepository(store, identity.id),
    facts: createChainFacts({
      chain: { head: () => Promise.reject(new Error('nobody is asked')) },
      follower: { isCurrent: () => true, reached: async () => undefined, onChange: () => () => undefined },
      accounts: blocks,
    }),
    gas: () => noGas,
    policy: () => POLICY,
  })
  for (const { port } of lanes) payments.attach(port.dialogue)

  return {
    lanes,
    /** Promises that grow, under one serial. */
    sign(issuer: UnlockedIdentity, promises: number): Proposal[] {
      return Array.from({ length: promises }, (_, index) => {
        const bare = {
          issuer: issuer.id,
          serial: 1_700_000_000n,
          benefiter: identity.id,
          amount: BigInt(index + 1) * STEP,
        }
        const signature = issuer.signTypedData(chain.promiseTypedData(bare)) as SignedPromise['signature']
        const promise = { ...bare, signature }
        const bytes = Buffer.from(signature.slice(2), 'hex')
        const body: unknown = JSON.parse(JSON.stringify(proposalBody(promise)))
        const recover = { rs: bytes.subarray(0, 64), bit: (bytes[64] ?? 0) - 27, digest: chain.promiseDigest(bare) }
        return { promise, body, recover }
      })
    },
    /** Each issuer sends its next when the last is answered, as an issuer does. */
    async take(share: Proposal[][]): Promise<void> {
      await Promise.all(
        lanes.map(async ({ port }, index) => {
          for (const { body } of share[index] ?? []) {
            const reply = await port.deliver(PAYMENT_PROPOSAL, body)
            if (reply?.type !== PAYMENT_ACCEPT) throw new Error(`refused: ${JSON.stringify(reply)}`)
          }
        }),
      )
    },
    close: () => store.close(),
  }
}

type Handler = Parameters<Dialogue['handle']>[1]

/** What payments see of a dialogue, without one. */
function createPort(peer: Dialogue['peer']) {
  const handlers = new Map<string, Handler>()
  const dialogue: Dialogue = {
    ...{ id: peer, peer, state: 'open', closed: new Promise(() => undefined) },
    send: async () => undefined,
    request: () => Promise.reject(new Error('nobody answers')),
    handle(type, handler) {
      handlers.set(type, handler)
      return () => void handlers.delete(type)
    },
    close: async () => undefined,
  }
  return { dialogue, deliver: async (type: string, body: unknown) => handlers.get(type)?.(body) }
}

function recoverAll(proposals: readonly Proposal[]): void {
  const curve = inNative ?? inJavaScript
  for (const { recover } of proposals) {
    if (!curve.recover(recover.rs, recover.bit, recover.digest)) throw new Error('nobody signed it')
  }
}

/** Plain node:sqlite: a row like a received promise, written over and over, each a commit of its own. */
function createRows(path: string) {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec(`
    CREATE TABLE promise (identity TEXT NOT NULL, peer TEXT NOT NULL, serial TEXT NOT NULL, amount TEXT NOT NULL,
      signature TEXT NOT NULL, state TEXT NOT NULL, stopped INTEGER NOT NULL, created_at_ms INTEGER NOT NULL,
      updated_at_ms INTEGER NOT NULL, PRIMARY KEY (identity, peer, serial)) STRICT, WITHOUT ROWID`)
  const put = database.prepare(`
    INSERT INTO promise VALUES (?, ?, ?, ?, ?, 'open', 0, ?, ?)
    ON CONFLICT DO UPDATE SET amount = excluded.amount, signature = excluded.signature`)
  return {
    commit(proposals: readonly Proposal[], times: number) {
      for (let index = 0; index < times; index++) {
        const promise = proposals[index % proposals.length]?.promise
        if (!promise) continue
        const { benefiter, issuer, serial, amount, signature } = promise
        put.run(benefiter, issuer, serial.toString(), amount.toString(), signature, Date.now(), Date.now())
      }
    },
    close: () => database.close(),
  }
}

async function perSecond(count: number, work: () => Promise<void> | void): Promise<number> {
  const startedAtMs = performance.now()
  await work()
  return (count * 1000) / (performance.now() - startedAtMs)
}

/** One issuer pays one provider over a dialogue with envelopes, as fast as it can; signing and encrypting included. */
async function measureWholeWay(): Promise<number> {
  const identities = { a: createTestIdentity(), b: createTestIdentity() }
  const pair = await createDialoguePair({ identities })
  const chain = createMemoryChain(createMemoryRegistry(identities.a, identities.b))
  chain.deposit(identities.a.id, MYST)
  const side = (identity: UnlockedIdentity) => {
    const store = openStore(':memory:')
    migrate(store)
    const deps: PaymentsDeps = {
      ...{ identity, chain, registry: pair.registry, clock: systemClock, log: silentLogger },
      ledger: createLedgerRepository(store, identity.id),
      facts: chain.facts,
      gas: () => noGas,
      policy: () => POLICY,
    }
    return { payments: createPayments(deps), close: () => store.close() }
  }
  const [a, b] = [side(identities.a), side(identities.b)]
  pair.b.onIncoming((dialogue) => void b.payments.attach(dialogue))
  const { issuer } = a.payments.attach(await pair.a.open(identities.b.id, pair.contacts.b))
  await issuer.advised()
  const startedAtMs = performance.now()
  let paid = 0
  while (performance.now() - startedAtMs < WHOLE_WAY_MS) {
    const outcome = await issuer.payAhead({ target: BigInt(paid + 1) * STEP, maxAtRisk: MYST })
    if (outcome.kind !== 'paid') throw new Error(`not paid: ${JSON.stringify(outcome)}`)
    paid++
  }
  const perSecond = (paid * 1000) / (performance.now() - startedAtMs)
  await pair.stop()
  a.close()
  b.close()
  return perSecond
}

function report(result: {
  rounds: number
  issuers: number
  promises: number
  busy: number
  done: Round[]
  wholeWay: number
  gas: GasRow[]
}): void {
  const { rounds, issuers, promises, done, wholeWay, gas } = result
  const of = (what: keyof Round) => done.map((round) => round[what])
  const rates = {
    accepted: median(of('accepted')),
    recovered: median(of('recovered')),
    committed: median(of('committed')),
  }
  const ratio = rates.accepted / Math.min(rates.recovered, rates.committed)
  const line = (name: string, what: keyof Round) => row(name, rates[what].toFixed(0), range(of(what)))
  const lines = [
    '',
    `signatures by ${inNative ? 'native libsecp256k1' : 'noble, in JavaScript'}`,
    `${rounds} rounds in alternation, ${issuers} issuers, ${promises} promises each; medians, per second`,
    row('', 'median', 'range'),
    line('promises accepted', 'accepted'),
    line('signatures recovered', 'recovered'),
    line('rows committed', 'committed'),
    row('the whole way', wholeWay.toFixed(0)),
    '',
    ...gasTable(gas),
    '',
    `ratio to the smaller of the two ${ratio.toFixed(3)}: ${ratio >= GOAL ? 'reaches' : 'misses'} the goal of ${GOAL}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  keep('payments', { goal: GOAL, native: inNative !== undefined, rates, ratio, ...result })
}
