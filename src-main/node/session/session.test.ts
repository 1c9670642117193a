import { afterEach, describe, expect, it } from 'vitest'
import { GIB, MYST } from '#shared/model/units.ts'

import { createSessionPair, type SessionPairOptions } from '../testing/session-pair.ts'
import { refuseToServe } from './provider-sessions.ts'

const MIB = 2n ** 20n
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function setUp(options: SessionPairOptions = {}) {
  const pair = await createSessionPair(options)
  cleanups.push(pair.stop)
  return pair
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
    expect([t.service.openTunnels(), t.service.consumers()]).toEqual([0, 0])
    expect(t.consumer.payments.atRisk(t.proposal.provider)).toBe(
      t.provider.ledger.account(t.pair.identities.a.id)?.leftover,
    )
    expect(t.experience).toEqual(['session'])
  })
})

describe('what is kept of a session', () => {
  it('has the country of the offer and the program it was for, on the side that bought it', async () => {
    const t = await setUp()
    const offer = { ...t.proposal, originLocation: { country: 'NL' } }
    t.connection.connect([offer], { program: 'Backup' })
    await t.until('connected')
    await t.settle(t.connection.disconnect())
    expect(t.consumer.repository.list(1)).toMatchObject([{ country: 'NL', program: 'Backup' }])
    const [sold] = t.provider.repository.list(1)
    expect(sold).not.toHaveProperty('country')
    expect(sold).not.toHaveProperty('program')
    for (const word of ['nl', 'XX', '<b>', '\u001b[2J']) {
      await t.clock.advance(1_000)
      t.connection.connect([{ ...t.proposal, originLocation: { country: word } }])
      await t.until('connected')
      await t.settle(t.connection.disconnect())
      const [bought] = t.consumer.repository.list(1)
      expect(bought).toMatchObject({ end: 'consumer-closed' })
      expect(bought).not.toHaveProperty('country')
      expect(bought).not.toHaveProperty('program')
    }
  })
})

describe('what a connection came to', () => {
  const last = (t: Awaited<ReturnType<typeof setUp>>) => {
    const { state } = t.connection
    return state.name === 'disconnected' ? state.last : undefined
  }
  const records = (t: Awaited<ReturnType<typeof setUp>>) => t.consumer.repository.list(10)
  const atRisk = (t: Awaited<ReturnType<typeof setUp>>) => t.consumer.payments.atRisk(t.proposal.provider)

  it('is what was used, as in the record, and what stays ahead: together what was paid', async () => {
    const t = await setUp()
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.flow(25, { up: MIB / 4n, down: MIB })
    await t.settle(t.connection.disconnect())
    const first = last(t)
    const used = (MIB * 125n * MYST) / (4n * GIB)
    expect(first?.bill).toEqual({ used, ahead: atRisk(t), holders: 1 })
    expect(records(t)[0]?.metering.cost).toBe(used)
    expect(first?.paid).toBe(used + atRisk(t))

    // The next time it is used first: nothing has to be paid, and something is used.
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.flow(1, { down: MIB / 64n })
    await t.settle(t.connection.disconnect())
    expect(last(t)).toMatchObject({ paid: 0n, bill: { used: records(t)[0]?.metering.cost, ahead: atRisk(t) } })
    expect(records(t)[0]?.metering.cost).toBeGreaterThan(0n)
    expect(t.consumer.payments.totals()).toMatchObject({ payable: first?.paid, paidAhead: atRisk(t) })
  })

  it('counts what was used before the first metering, and shows it', async () => {
    const t = await setUp()
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.flow(2, { down: MIB / 16n })
    const { live } = await t.until('connected')
    expect(live.metered.cost).toBe(0n)
    expect(live.cost).toBe((MIB * MYST) / (8n * GIB))
    expect(live.leftover).toBe(live.promised - live.cost)
  })

  it('is what this side counted where the provider froze, also in the record that it signs alone', async () => {
    const t = await setUp()
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.flow(6, { down: MIB / 16n })
    t.pair.network.set({ loss: 1 })
    await t.settle(t.connection.disconnect())
    const [bought] = records(t)
    const cost = (MIB * 6n * MYST) / (16n * GIB)
    expect(bought?.metering).toMatchObject({ bytesDown: (6n * MIB) / 16n, bytesUp: 0n, cost })
    expect(bought?.metering.durationMs).toBeGreaterThanOrEqual(6_000)
    expect(bought?.signed?.alone?.content).toMatchObject({ cost, bytesDown: (6n * MIB) / 16n })
    expect(last(t)?.bill).toEqual({ used: cost, ahead: atRisk(t), holders: 1 })
  })

  it('is nothing where nobody was reached', async () => {
    const t = await setUp()
    t.pair.network.set({ loss: 1 })
    t.connection.connect([t.proposal])
    await t.until('disconnected')
    expect(last(t)).toMatchObject({ step: 'reach-provider', paid: 0n })
    expect(last(t)?.bill).toBeUndefined()
  })
})

describe('a session that does not come about', () => {
  const second = (t: Awaited<ReturnType<typeof setUp>>) => ({ ...t.proposal, serial: 8 })

  it('is refused before anything is paid twice: unknown proposal, full, no payment possible', async () => {
    const t = await setUp()
    t.connection.connect([second(t)])
    expect(await t.until('disconnected')).toMatchObject({
      last: { step: 'open-session', reason: 'proposal-unknown', paid: MYST / 100n },
    })
    const full = await setUp({ maxSessions: 0 })
    full.connection.connect([full.proposal])
    expect(await full.until('disconnected')).toMatchObject({ last: { reason: 'sessions-full' } })
    const poor = await setUp({ deposit: 0n })
    poor.connection.connect([poor.proposal])
    expect(await poor.until('disconnected')).toMatchObject({
      last: { step: 'agree-payment', reason: 'promise-not-covered', paid: 0n },
    })
    const dear = await setUp({ maxAtRisk: 5n })
    dear.connection.connect([dear.proposal])
    expect(await dear.until('disconnected')).toMatchObject({ last: { step: 'agree-payment', paid: 0n } })
  })

  it('ends at once, before anything is paid, where nobody shares any more, and leads to the next', async () => {
    // Without a word the consumer waits for it.
    const silent = await setUp()
    await silent.settle(silent.sessions.stop())
    const askedAtMs = silent.clock.now()
    silent.connection.connect([silent.proposal])
    expect((await silent.until('disconnected')).last).not.toHaveProperty('reason')
    expect(silent.clock.now() - askedAtMs).toBeGreaterThanOrEqual(10_000)

    const t = await setUp()
    await t.settle(t.sessions.stop())
    t.pair.b.onIncoming(refuseToServe)
    const beganAtMs = t.clock.now()
    t.connection.connect([t.proposal])
    expect(await t.until('disconnected')).toMatchObject({
      last: { step: 'agree-payment', reason: 'not-sharing', paid: 0n },
    })
    t.connection.connect([t.proposal, await t.startOther()])
    expect((await t.until('connected')).proposal.provider).toBe(t.other)
    expect(t.clock.now() - beganAtMs).toBeLessThan(1_000)
    expect(t.experience).toEqual(['failure', 'failure', 'session'])
  })

  it('leads to the next candidate, and what was paid before still counts', async () => {
    const t = await setUp()
    t.connection.connect([second(t), t.proposal])
    expect((await t.until('connected')).proposal.serial).toBe(7)
    expect(t.experience).toEqual(['gone', 'session'])
    // The first payment is used by the second attempt.
    expect(t.consumer.payments.atRisk(t.proposal.provider)).toBe(MYST / 100n)
  })

  it('fails where nothing comes back, or the address stays the same, having paid one small step', async () => {
    const silent = await setUp()
    silent.service.exitAddress = undefined
    silent.connection.connect([silent.proposal])
    expect(await silent.until('disconnected')).toMatchObject({
      last: { step: 'verify-traffic', end: 'not-verified', paid: MYST / 100n },
    })
    expect([silent.service.openTunnels(), silent.service.consumers()]).toEqual([0, 0])
    const same = await setUp({ directAddress: '198.51.100.7' })
    same.connection.connect([same.proposal])
    expect(await same.until('disconnected')).toMatchObject({
      last: { step: 'verify-traffic', end: 'not-verified', paid: MYST / 100n },
    })
    expect(same.consumer.repository.list(1)).toMatchObject([{ end: 'not-verified' }])
  })

  it('pays nothing when the person does not consent to what the service needs', async () => {
    const t = await setUp()
    t.service.refused = true
    t.connection.connect([t.proposal])
    expect(await t.until('disconnected')).toMatchObject({
      last: { step: 'agree-payment', message: 'The password was not given.', paid: 0n },
    })
    expect(t.experience).toEqual([]) // of a provider that did nothing wrong
    expect(t.provider.repository.list(1)).toEqual([])
  })

  it('fails when the tunnel cannot be established, and the provider hears of it', async () => {
    const t = await setUp()
    t.service.broken = true
    t.connection.connect([t.proposal])
    expect(await t.until('disconnected')).toMatchObject({ last: { step: 'start-tunnel' } })
    expect(t.provider.repository.list(1)).toMatchObject([{ end: 'tunnel-failed' }])
    expect(t.sessions.list()).toEqual([])
  })

  it.each(['reach-provider', 'agree-payment', 'open-session', 'start-tunnel', 'verify-traffic'] as const)(
    'is cancelled at once at %s, and nothing stays behind',
    async (step) => {
      const t = await setUp()
      t.service.hanging = step === 'start-tunnel'
      if (step === 'verify-traffic') t.service.exitAddress = undefined
      const reached = new Promise<void>((resolve) => {
        t.connection.onChange((state) => state.name === 'connecting' && state.step === step && resolve())
      })
      t.connection.connect([t.proposal])
      await t.settle(reached)
      const cancelledAtMs = t.clock.now()
      const done = t.connection.disconnect()
      const left = new Promise<void>((resolve) => {
        t.connection.onChange((state) => state.name !== 'connecting' && resolve())
      })
      await t.settle(left)
      expect(t.clock.now() - cancelledAtMs).toBe(0)
      await t.settle(done)
      expect(t.connection.state).toMatchObject({ name: 'disconnected', last: { step, end: 'consumer-closed' } })
      await t.flow(3, {})
      expect([t.service.openTunnels(), t.service.consumers()]).toEqual([0, 0])
      expect(t.sessions.list()).toEqual([])
      expect(t.provider.repository.list(1).every(({ end }) => end !== undefined)).toBe(true)
    },
  )

  it('uses a free trial before anything is paid', async () => {
    const t = await setUp({ policy: { freeTrial: MYST } })
    t.connection.connect([t.proposal])
    expect((await t.until('connected')).live.promised).toBe(0n)
    await t.flow(20, { down: MIB })
    expect(t.consumer.payments.totals().payable).toBe(0n)
    expect(t.provider.ledger.account(t.pair.identities.a.id)?.leftover).toBeLessThan(MYST)
  })
})

describe('a provider', () => {
  async function ask(t: Awaited<ReturnType<typeof setUp>>, body: unknown, type = 'session-create') {
    const dialogue = await t.settle(t.pair.a.open(t.pair.identities.b.id, t.pair.contacts.b))
    dialogue.handle('payment-advice', () => undefined)
    return t.settle(dialogue.request(type, body).catch((error: unknown) => error))
  }
  const create = (t: Awaited<ReturnType<typeof setUp>>, serviceData: unknown) => ({
    proposal: { provider: t.proposal.provider, serial: 7 },
    serviceData,
  })

  it('opens nothing for whom has nothing left', async () => {
    const t = await setUp()
    expect(await ask(t, create(t, 'hello'))).toEqual({ type: 'session-refuse', body: { reason: 'payment-required' } })
    expect(t.provider.repository.list(1)).toEqual([])
  })

  it('refuses session data that its service does not take, and bodies that make no sense', async () => {
    const t = await setUp({ policy: { freeTrial: MYST } })
    const refused = { type: 'session-refuse', body: { reason: 'service-data-invalid' } }
    expect(await ask(t, create(t, { up: '/bin/sh' }))).toEqual(refused)
    expect(await ask(t, { proposal: 7 })).toMatchObject({ details: { reason: 'malformed-message' } })
    expect(await ask(t, { sessionId: '../../x' }, 'session-close')).toMatchObject({ name: 'Refused' })
    const other = { ...create(t, 'hello'), proposal: { provider: t.pair.identities.a.id, serial: 7 } }
    expect(await ask(t, other)).toMatchObject({ body: { reason: 'proposal-unknown' } })
  })

  it('ends a session that is never opened', async () => {
    const t = await setUp({ policy: { freeTrial: MYST } })
    expect(await ask(t, create(t, 'hello'))).toMatchObject({ type: 'session-accept' })
    expect(t.sessions.list()).toHaveLength(1)
    await t.flow(62, {})
    expect(t.sessions.list()).toEqual([])
    expect(t.provider.repository.list(1)).toMatchObject([{ end: 'tunnel-failed' }])
  })
})

describe('a running session', () => {
  it('drops a provider that charges more than it signed', async () => {
    const t = await setUp()
    t.connection.connect([t.proposal])
    await t.until('connected')
    t.offer.pricePerUnit = (MYST * 101n) / 100n
    await t.flow(15, { down: 4n * MIB })
    expect(await t.until('disconnected')).toMatchObject({ last: { end: 'overpriced' } })
  })

  it('pays a heavy user on, within what may be at risk, and never stops for it', async () => {
    const t = await setUp({ maxAtRisk: MYST / 20n })
    t.connection.connect([t.proposal])
    await t.until('connected')
    for (let round = 0; round < 12; round++) {
      await t.flow(5, { down: 8n * MIB })
      expect(t.consumer.payments.atRisk(t.proposal.provider)).toBeLessThanOrEqual(t.maxAtRisk)
    }
    expect(t.connection.state.name).toBe('connected')
    expect(t.sessions.list()[0]?.metering.bytesDown).toBeGreaterThan(400n * MIB)
  })

  it('pays nothing more once nothing comes back, and says so within 15 s of the last byte', async () => {
    const t = await setUp()
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.flow(20, { down: MIB, up: MIB })
    const fromMs = t.clock.now()
    t.service.exitAddress = undefined
    const states: string[] = []
    t.connection.onChange((state) => void (states.at(-1) !== state.name && states.push(state.name)))
    // A payment may be under way; after it none.
    await t.flow(3, { up: MIB })
    const promised = t.consumer.payments.totals().payable
    while (t.connection.state.name === 'connected') await t.flow(1, { up: MIB })
    expect(t.clock.now() - fromMs).toBeLessThanOrEqual(15_000)
    expect(t.connection.state).toMatchObject({
      name: 'reconnecting',
      lost: 'Nothing comes back through the tunnel any more.',
      proposal: { serial: 7 },
      attempt: 1,
    })
    expect(t.consumer.payments.totals().payable).toBe(promised)
    expect(await t.until('disconnected')).toMatchObject({ last: { end: 'tunnel-failed' } })
    expect(states).toEqual(['connected', 'reconnecting', 'disconnected'])
    expect(t.consumer.payments.atRisk(t.proposal.provider)).toBeLessThanOrEqual(t.maxAtRisk)
  })

  it('does not take a person who reads for a stall', async () => {
    const t = await setUp()
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.flow(5, { down: MIB, up: MIB })
    t.service.exitAddress = undefined
    await t.flow(120, {})
    expect(t.connection.state.name).toBe('connected')
  })

  it('pays nothing more while nothing comes back, also where no probe could be asked', async () => {
    const t = await setUp({ probes: [] })
    t.connection.connect([t.proposal])
    const connected = await t.until('connected')
    expect(connected.live.exit).toBeUndefined()
    expect(connected.steps.map(({ step }) => step)).not.toContain('verify-traffic')
    await t.flow(20, { down: MIB, up: MIB })
    await t.flow(20, { up: MIB })
    const promised = t.consumer.payments.totals().payable
    await t.flow(60, { up: 4n * MIB })
    expect(t.consumer.payments.totals().payable).toBe(promised)
    expect(await t.until('disconnected')).toMatchObject({ last: { end: 'leftover-exhausted' } })
  })

  it('ends when what is left is used up, after asking once more', async () => {
    const t = await setUp({ deposit: MYST / 50n })
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.flow(40, { down: MIB })
    expect(await t.until('disconnected')).toMatchObject({
      last: { end: 'leftover-exhausted', message: expect.stringContaining('deposit more MYST') },
    })
    expect(t.provider.repository.list(1)).toMatchObject([{ end: 'leftover-exhausted' }])
  })

  it('says that nothing more can be paid before it ends for that, and no longer than it is so', async () => {
    const t = await setUp({ deposit: MYST / 8n })
    t.connection.connect([t.proposal])
    await t.until('connected')
    const unpaid = () => (t.connection.state.name === 'connected' ? t.connection.state.live.unpaid : undefined)
    await t.flow(5, { down: MIB })
    expect(unpaid()).toBeUndefined()
    let seconds = 0
    for (; !unpaid() && seconds < 120; seconds++) await t.flow(1, { down: MIB })
    expect(unpaid()).toEqual({
      reason: 'promise-not-covered',
      message: expect.stringContaining('deposit more MYST'),
    })
    t.chain.deposit(t.pair.identities.a.id, MYST)
    for (seconds = 0; unpaid() && seconds < 10; seconds++) await t.flow(1, { down: MIB })
    expect(t.connection.state.name).toBe('connected')
    expect(seconds).toBeLessThan(10)
  })

  it('ends when the provider falls silent', async () => {
    const t = await setUp()
    t.connection.connect([t.proposal])
    await t.until('connected')
    t.pair.network.set({ loss: 1 })
    await t.flow(65, { down: 1n })
    expect(await t.until('reconnecting')).toMatchObject({ lost: 'The provider does not answer any more.' })
    expect(await t.until('disconnected')).toMatchObject({
      last: { end: 'dialogue-ended', message: expect.stringMatching(/any more\. No other offer matches .*offline/) },
    })
    expect([t.service.openTunnels(), t.service.consumers()]).toEqual([0, 0])
    await t.flow(5, {})
    expect(t.provider.repository.list(1)).toMatchObject([{ end: 'dialogue-ended' }])
  })

  it('meters by time where the price is per hour', async () => {
    const t = await setUp({ unit: 'hour', price: 36n * MYST, maxAtRisk: 2n * MYST })
    t.connection.connect([t.proposal])
    await t.until('connected')
    await t.flow(60, { down: 1n })
    await t.settle(t.connection.disconnect())
    const [sold] = t.provider.repository.list(1)
    expect(Number(sold?.metering.cost) / Number(MYST / 100n)).toBeCloseTo(60, -1)
    expect(t.consumer.repository.list(1)[0]?.metering).toEqual(sold?.metering)
  })

  it('says why it ends exactly once, whatever else happens then', async () => {
    const t = await setUp()
    t.connection.connect([t.proposal])
    await t.until('connected')
    const done = t.connection.disconnect()
    t.service.lose()
    await t.settle(done)
    await t.flow(5, {})
    expect(t.connection.state).toMatchObject({ last: { end: 'consumer-closed' } })
    expect(t.consumer.repository.list(5).map(({ end }) => end)).toEqual(['consumer-closed'])
    expect(t.provider.repository.list(5)).toHaveLength(1)
  })
})
