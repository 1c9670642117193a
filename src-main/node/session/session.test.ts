import { afterEach, describe, expect, it } from 'vitest'
import type { CopiedProposal } from '#shared/model/proposal.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import { GIB, MYST } from '#shared/model/units.ts'

import { silentLogger } from '../lib/logger.ts'
import { createPayments } from '../payments/create-payments.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import type { PaymentPolicy } from '../protocol/payment.ts'
import { createLedgerRepository } from '../storage/ledger-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createSessionRepository } from '../storage/session-repository.ts'
import { createDialoguePair } from '../testing/dialogue-pair.ts'
import { createManualClock } from '../testing/manual-clock.ts'
import { createMemoryChain, noGas } from '../testing/memory-chain.ts'
import { createMemoryService } from '../testing/memory-service.ts'
import { createConnection } from './connection.ts'
import { createProviderSessions } from './provider-sessions.ts'

const MIB = 2n ** 20n
const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

type Options = {
  price?: bigint
  unit?: 'GiB' | 'hour'
  maxAtRisk?: bigint
  policy?: Partial<PaymentPolicy>
  probes?: string[]
  directAddress?: string
  maxSessions?: number
  deposit?: bigint
}

async function setUp(options: Options = {}) {
  const clock = createManualClock()
  const pair = await createDialoguePair({ clock })
  const chain = createMemoryChain(pair.registry)
  chain.deposit(pair.identities.a.id, options.deposit ?? 10n * MYST)
  const policy: PaymentPolicy = {
    minimumIncrease: MYST / 100n,
    maximumPromise: 50n * MYST,
    updateAllowed: true,
    freeTrial: 0n,
    feeBps: 100,
    ...options.policy,
  }
  const side = (identity: UnlockedIdentity) => {
    const store = openStore(':memory:')
    cleanups.push(() => store.close())
    migrate(store)
    const ledger = createLedgerRepository(store, identity.id)
    const payments = createPayments({
      identity,
      chain,
      gas: () => noGas,
      registry: pair.registry,
      ledger,
      clock,
      log: silentLogger,
      policy: () => policy,
      clearings: chain.clearings,
    })
    return { ledger, payments, repository: createSessionRepository(store, identity.id) }
  }
  const consumer = side(pair.identities.a)
  const provider = side(pair.identities.b)
  const service = createMemoryService()
  const proposal: CopiedProposal = {
    formatVersion: 1,
    provider: pair.identities.b.id,
    serial: 7,
    serviceType: 'socks',
    serviceLocation: { country: 'DE' },
    originLocation: { country: 'DE' },
    bandwidthMbps: 100,
    unit: options.unit ?? 'GiB',
    pricePerUnit: options.price ?? MYST,
    contacts: pair.contacts.b,
    bytes: new Uint8Array(),
    blockNumber: 1,
    expiresAtBlock: 60_001,
  }
  const sessions = createProviderSessions(
    {
      dialogues: pair.b,
      payments: provider.payments,
      services: new Map([['socks', await service.startProvider({ dataDir: '', publicAddress: '', maxSessions: 9 })]]),
      offered: (serial) => (serial === proposal.serial ? proposal : undefined),
      clock,
      repository: provider.repository,
      log: silentLogger,
    },
    { maxSessions: options.maxSessions ?? 5 },
  )
  const experience: string[] = []
  const maxAtRisk = options.maxAtRisk ?? MYST
  const connection = createConnection(
    {
      dialogues: pair.a,
      payments: consumer.payments,
      serviceTypes: [service],
      catalogue: {
        recordSession: () => void experience.push('session'),
        recordFailure: () => void experience.push('failure'),
      },
      probes: options.probes ?? ['http://probe.example/'],
      fetchDirectly: async () => options.directAddress ?? '203.0.113.5',
      controlAddresses: [],
      clock,
      repository: consumer.repository,
      log: silentLogger,
    },
    { maxAtRisk },
  )
  cleanups.push(async () => {
    const done = Promise.all([connection.disconnect(), sessions.stop()])
    await settle(done)
    await settle(pair.stop())
  })

  /** Moves the clock until the promise is there. */
  async function settle<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const mark = () => {
      isDone = true
    }
    promise.then(mark, mark)
    for (let turn = 0; turn < 2_000 && !isDone; turn++) await clock.advance(turn < 200 ? 0 : 100)
    return promise
  }
  /** Moves the clock until the state is of that name. */
  async function until<Name extends ConnectionState['name']>(name: Name) {
    await settle(
      new Promise<void>((resolve) => {
        if (connection.state.name === name) return resolve()
        connection.onChange((state) => state.name === name && resolve())
      }),
    )
    return connection.state as Extract<ConnectionState, { name: Name }>
  }
  /** Seconds pass with traffic in each. */
  async function flow(seconds: number, bytes: { up?: bigint; down?: bigint }) {
    for (let second = 0; second < seconds; second++) {
      service.pass(bytes)
      await clock.advance(1_000)
      for (let turn = 0; turn < 30; turn++) await clock.advance(0)
    }
  }
  return {
    clock,
    pair,
    chain,
    consumer,
    provider,
    service,
    proposal,
    sessions,
    connection,
    experience,
    settle,
    until,
    flow,
    maxAtRisk,
  }
}

describe('a session from end to end', () => {
  it('is paid ahead in small steps, metered alike on both sides, and recorded once with its end', async () => {
    const t = await setUp()
    t.connection.connect([t.proposal])
    const connected = await t.until('connected')
    expect(connected.steps.map(({ step }) => step)).toEqual([
      'reach-provider',
      'agree-payment',
      'open-session',
      'start-tunnel',
      'verify-traffic',
    ])
    expect(connected.live).toMatchObject({ exit: { address: '198.51.100.7' }, socksPort: 1080, promised: MYST / 100n })
    await t.flow(60, { up: MIB / 4n, down: MIB })
    await t.settle(t.connection.disconnect())
    expect(t.connection.state).toMatchObject({ name: 'disconnected', last: { end: 'consumer-closed' } })
    const [bought] = t.consumer.repository.list(10)
    const [sold] = t.provider.repository.list(10)
    expect(bought).toMatchObject({ role: 'consumer', end: 'consumer-closed' })
    expect(sold).toMatchObject({ role: 'provider', end: 'consumer-closed' })
    expect(bought?.metering).toEqual(sold?.metering)
    expect(bought?.metering.cost).toBe((75n * MIB * MYST) / GIB)
    expect(t.service.openTunnels()).toBe(0)
    expect(t.consumer.payments.atRisk(t.proposal.provider)).toBe(
      t.provider.ledger.account(t.pair.identities.a.id)?.leftover,
    )
    expect(t.experience).toEqual(['session'])
  })
})
