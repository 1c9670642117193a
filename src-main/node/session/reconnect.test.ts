import { describe, expect, it } from 'vitest'
import { REFUSALS } from '#shared/model/refusal.ts'
import { costInAll } from '#shared/model/session.ts'
import { MYST } from '#shared/model/units.ts'
import { startGuarded as start } from '../testing/guarded-pair.ts'

const MIB = 2n ** 20n
describe('a session that is lost', () => {
  it('comes back with the same provider, with nothing let out in between', async () => {
    const t = await start()
    const { live } = await t.connect()
    await t.flow(10, { up: MIB, down: MIB })
    t.service.lose()
    expect(await t.until('reconnecting')).toMatchObject({
      lost: 'The tunnel was lost.',
      step: 'reach-provider',
      attempt: 1,
      isBlocked: true,
      proposal: { provider: t.proposal.provider },
    })
    const again = await t.until('connected')
    expect(again.proposal.provider).toBe(t.proposal.provider)
    expect(again.live.sessionId).not.toBe(live.sessionId)
    // One connection: what it cost goes on being counted, and nobody was changed for another.
    const used = t.consumer.repository.list(5).find(({ sessionId }) => sessionId === live.sessionId)?.metering.cost
    expect(used).toBeGreaterThan(0n)
    expect(again.before).toEqual({ used, startedAtMs: live.startedAtMs })
    expect(t.service.network).toEqual(['blocked', 'tunnel', 'blocked', 'tunnel'])
    await t.settle(t.connection.disconnect())
    expect(t.seen).toEqual(['connecting', 'connected', 'reconnecting', 'connected', 'disconnecting', 'disconnected'])
    expect(t.service.network.slice(4)).toEqual(['blocked', 'open'])
    expect(t.consumer.repository.list(5).map(({ end }) => end)).toEqual(['consumer-closed', 'tunnel-failed'])
    expect([t.service.openTunnels(), t.service.consumers()]).toEqual([0, 0])
  })

  it('goes on with the next provider when the same does not answer, and says who was lost', async () => {
    const t = await start({ others: true })
    const first = await t.connect()
    expect(first.before).toBeUndefined()
    await t.flow(5, { down: MIB })
    t.pair.network.cut(t.proposal.provider, true)
    t.service.lose()
    const { sinceMs } = await t.until('reconnecting')
    const other = await t.until('connected')
    expect(other.proposal.provider).toBe(t.other)
    expect(t.service.network).not.toContain('open')
    const { provider, pricePerUnit, unit, originLocation } = t.proposal
    expect(other.before).toMatchObject({
      startedAtMs: first.live.startedAtMs,
      lost: { atMs: sinceMs, proposal: { provider, pricePerUnit, unit, originLocation } },
    })
    const used = other.before?.used ?? 0n
    expect(used).toBeGreaterThan(0n)
    // Lost again and got back from the same one: it is still another than at first.
    await t.flow(5, { down: MIB })
    t.service.lose()
    await t.until('reconnecting')
    const again = await t.until('connected')
    expect(again.before).toMatchObject({ startedAtMs: first.live.startedAtMs, lost: other.before?.lost })
    expect(costInAll(again)).toBeGreaterThan(used)
    await t.settle(t.connection.disconnect())
    const sum = t.consumer.repository.list(5).reduce((all, { metering }) => all + metering.cost, 0n)
    expect(t.connection.state).toMatchObject({ last: { bill: { used: sum, holders: 2 } } })
  })

  it('waits a moment only for who does not answer while another one could be asked', async () => {
    const t = await start({ others: true })
    const reach = async () => {
      const fromMs = t.clock.now()
      expect((await t.until('connected')).proposal.provider).toBe(t.other)
      return t.clock.now() - fromMs
    }
    t.pair.network.cut(t.proposal.provider, true)
    t.connection.connect(t.candidates, { filter: { country: 'DE' } })
    expect(await reach()).toBeLessThan(8_000)
    const why = 'The provider does not answer; it may be offline.'
    expect(t.connection.state).toMatchObject({ tried: { proposal: { provider: t.proposal.provider }, why } })
    await t.settle(t.connection.disconnect())
    t.pair.network.cut(t.proposal.provider, false)
    await t.connect()
    t.pair.network.cut(t.proposal.provider, true)
    t.service.lose()
    await t.until('reconnecting')
    // The lost session is closed first, which its provider does not answer either.
    expect(await reach()).toBeLessThan(13_000)
    await t.settle(t.connection.disconnect())
    // With nobody else there is more patience, as for who asks on a slow line.
    t.connection.connect([t.proposal], { filter: { country: 'DE' } })
    const fromMs = t.clock.now()
    expect(await t.until('disconnected')).toMatchObject({ last: { step: 'reach-provider', paid: 0n } })
    expect(t.clock.now() - fromMs).toBeGreaterThanOrEqual(15_000)
  })

  it('goes to the next one first when the provider took its leave', async () => {
    const t = await start({ others: true })
    await t.connect()
    const tried: string[] = []
    t.connection.onChange((state) => void (state.name === 'reconnecting' && tried.push(state.proposal.provider)))
    await t.settle(t.sessions.stop())
    await t.until('reconnecting')
    expect((await t.until('connected')).proposal.provider).toBe(t.other)
    // The first is how the loss was shown.
    expect(tried.slice(1).every((provider) => provider === t.other)).toBe(true)
    expect(t.service.network).toEqual(['blocked', 'tunnel', 'blocked', 'tunnel'])
  })

  it('is not asked for again where the offer is gone', async () => {
    const t = await start()
    await t.connect()
    const attempts = new Set<number>()
    t.connection.onChange((state) => void (state.name === 'reconnecting' && attempts.add(state.attempt)))
    t.offer.serial = 99
    t.service.lose()
    expect((await t.until('blocked')).why).toContain(REFUSALS['proposal-unknown'])
    expect([...attempts]).toEqual([1])
    expect(t.experience).toEqual(['session', 'gone'])
  })

  it.each(['overpriced', 'metering-disputed'] as const)('never returns to who cheated: %s', async (how) => {
    const t = await start({ others: true, maxAtRisk: MYST / 10n })
    await t.connect()
    if (how === 'overpriced') t.offer.pricePerUnit = 2n * MYST
    else t.service.inflate(300n)
    const tried = new Set<string>()
    t.connection.onChange((state) => {
      if (state.name === 'connected') t.service.inflate(100n)
      if (state.name === 'reconnecting' && state.steps.length > 0) tried.add(state.proposal.provider)
    })
    while (t.connection.state.name === 'connected' && t.connection.state.proposal.provider !== t.other) {
      await t.flow(1, { up: MIB, down: 4n * MIB })
    }
    expect((await t.until('connected')).proposal.provider).toBe(t.other)
    expect([...tried]).toEqual([t.other])
    expect(t.service.network).toEqual(['blocked', 'tunnel', 'blocked', 'tunnel'])
  })

  it('stays blocked when nobody is left, until the person says otherwise', async () => {
    const t = await start()
    await t.connect()
    await t.flow(5, { down: MIB })
    t.service.broken = true
    const pauses = new Set<number>()
    t.connection.onChange((state) => {
      if (state.name === 'reconnecting' && state.retryAtMs) pauses.add(state.attempt)
    })
    t.service.lose()
    const lostAtMs = t.clock.now()
    const blocked = await t.until('blocked')
    // Not since the guard was raised: until now the session let her out.
    expect(blocked.sinceMs).toBe(lostAtMs)
    expect([...pauses]).toEqual([2, 3, 4, 5, 6])
    // However often it was asked, it failed once.
    expect(t.experience).toEqual(['session', 'failure'])
    expect(blocked).toMatchObject({
      why: 'The tunnel was lost. No other offer matches your choice, and this provider did not come back: The tunnel could not be established.',
      again: { country: 'DE' },
      paid: expect.any(BigInt),
    })
    expect(blocked.paid).toBeGreaterThan(0n)
    expect(blocked.paid).toBeLessThanOrEqual(t.maxAtRisk)
    expect(t.service.network.at(-1)).toBe('blocked')
    await t.flow(600, {})
    expect(t.service.network).not.toContain('open')
    await t.settle(t.connection.disconnect())
    expect(t.connection.state).toEqual({ name: 'disconnected' })
    expect(t.service.network.at(-1)).toBe('open')
  })

  it('is tried again from blocked, and protected all the time', async () => {
    const t = await start()
    await t.connect()
    t.service.broken = true
    t.service.lose()
    const { sinceMs } = await t.until('blocked')
    // Not even a failed attempt lets anything out.
    t.connection.connect(t.candidates)
    await t.until('connecting')
    expect(await t.until('blocked')).toMatchObject({ why: 'The tunnel could not be established.', sinceMs })
    t.service.broken = false
    await t.connect()
    expect(t.service.network).not.toContain('open')
    expect(t.service.network.at(-1)).toBe('tunnel')
  })

  it('that goes through a proxy ends disconnected: there was nothing to keep in', async () => {
    const t = await start({ guarded: false })
    await t.connect()
    t.service.broken = true
    t.service.lose()
    expect(await t.until('reconnecting')).toMatchObject({ isBlocked: false })
    expect(await t.until('disconnected')).toMatchObject({ last: { end: 'tunnel-failed' } })
    expect(t.service.network).toEqual([])
  })

  it('is not tried for ever: bounded attempts, with pauses, also when each works for a moment', async () => {
    const t = await start()
    await t.connect()
    let lost = 0
    while (t.connection.state.name !== 'blocked') {
      await t.until('connected')
      await t.flow(2, { down: MIB })
      t.service.lose()
      lost++
      await t.settle(
        new Promise<void>((resolve) =>
          t.connection.onChange(({ name }) => (name === 'connected' || name === 'blocked') && resolve()),
        ),
      )
    }
    expect(lost).toBe(7)
  })

  it.each(['reach-provider', 'agree-payment', 'open-session', 'start-tunnel', 'verify-traffic'] as const)(
    'is given up at once at %s when the person disconnects, and the network opens after the tunnel is gone',
    async (step) => {
      const t = await start()
      await t.connect()
      if (step === 'start-tunnel') t.service.hanging = true
      if (step === 'verify-traffic') t.service.exitAddress = undefined
      const reached = new Promise<void>((resolve) => {
        t.connection.onChange((state) => state.name === 'reconnecting' && state.step === step && resolve())
      })
      t.service.lose()
      await t.settle(reached)
      const cancelledAtMs = t.clock.now()
      const done = t.connection.disconnect()
      await t.settle(
        new Promise<void>((resolve) => t.connection.onChange(({ name }) => name !== 'reconnecting' && resolve())),
      )
      expect(t.clock.now() - cancelledAtMs).toBe(0)
      await t.settle(done)
      expect(t.connection.state).toMatchObject({ name: 'disconnected', last: { end: 'consumer-closed' } })
      await t.flow(3, {})
      expect(t.service.network.at(-1)).toBe('open')
      expect(t.service.network.filter((state) => state === 'open')).toHaveLength(1)
      expect([t.service.openTunnels(), t.service.consumers()]).toEqual([0, 0])
    },
  )

  it('is not taken up again when the person restored the internet from outside', async () => {
    const t = await start()
    await t.connect()
    t.service.lose()
    t.service.network.push('open')
    expect(await t.until('disconnected')).toMatchObject({ last: { message: expect.stringMatching(/restored\.$/) } })
    expect(t.seen).toEqual(['connecting', 'connected', 'reconnecting', 'disconnected'])
    expect([t.service.openTunnels(), t.service.consumers()]).toEqual([0, 0])
  })

  it('asks a person who refuses the password once, not for every provider', async () => {
    const t = await start({ others: true })
    await t.connect()
    t.service.refused = true
    t.service.lose()
    const attempts = new Set<number>()
    t.connection.onChange((state) => void (state.name === 'reconnecting' && attempts.add(state.attempt)))
    expect(await t.until('blocked')).toMatchObject({ why: expect.stringContaining('password was not given') })
    expect([...attempts]).toEqual([1])
  })

  it('is given up during a pause too', async () => {
    const t = await start()
    await t.connect()
    t.service.broken = true
    t.service.lose()
    await t.settle(
      new Promise<void>((resolve) =>
        t.connection.onChange((state) => state.name === 'reconnecting' && state.attempt === 3 && resolve()),
      ),
    )
    await t.settle(t.connection.disconnect())
    expect(t.connection.state.name).toBe('disconnected')
    expect(t.service.network.at(-1)).toBe('open')
  })
})

describe('the network', () => {
  it('is open again when the first connect fails: nothing was protected yet', async () => {
    const t = await start()
    t.service.broken = true
    t.connection.connect(t.candidates)
    expect(await t.until('disconnected')).toMatchObject({ last: { step: 'start-tunnel' } })
    expect(t.service.network).toEqual(['blocked', 'open'])
  })

  it('is opened when the program ends in order', async () => {
    const t = await start()
    await t.connect()
    await t.settle(t.connection.disconnect('shutdown'))
    expect(t.connection.state).toMatchObject({ last: { end: 'shutdown' } })
    expect(t.service.network.at(-1)).toBe('open')
  })

  it('that cannot be opened is told as blocked, and the next try opens it', async () => {
    const t = await start()
    await t.connect()
    t.service.stuck = true
    await expect(t.settle(t.connection.disconnect())).rejects.toMatchObject({ name: 'HelperGone' })
    expect(t.connection.state).toMatchObject({ name: 'blocked', why: expect.stringContaining('not running') })
    t.service.stuck = false
    await t.settle(t.connection.disconnect())
    expect(t.connection.state).toEqual({ name: 'disconnected' })
    expect(t.service.network.at(-1)).toBe('open')
  })

  it('that an earlier program left blocked is told so, stays so at the end, and opens by the person only', async () => {
    const t = await start({ leftBlockedAtMs: 1_650_000_000_000 })
    expect(t.connection.state).toMatchObject({ name: 'blocked', sinceMs: 1_650_000_000_000, paid: 0n })
    await t.settle(t.connection.disconnect('shutdown'))
    expect(t.connection.state.name).toBe('blocked')
    const proxy = { ...t.proposal, serviceType: 'socks' as const }
    expect(() => t.connection.connect([proxy])).toThrow(/Restore the internet first/)
    await t.settle(t.connection.disconnect())
    expect(t.connection.state).toEqual({ name: 'disconnected' })
    expect(t.service.network).toEqual(['open'])
  })
})

describe('an idle tunnel', () => {
  const silent = async () => {
    const t = await start()
    await t.connect()
    t.service.exitAddress = undefined
    return t
  }

  it('is not asked for nothing', async () => {
    const t = await silent()
    await t.flow(120, {})
    expect(t.seen).toEqual(['connecting', 'connected'])
  })

  it.each([
    ['the machine slept', (t: Awaited<ReturnType<typeof start>>) => t.clock.sleep(60_000)],
    [
      'the machine has other addresses',
      (t: Awaited<ReturnType<typeof start>>) => {
        t.place.addresses = 'wlan0 10.0.0.7/24'
      },
    ],
  ])('that died is found dead within 10 s after %s', async (_, move) => {
    const t = await silent()
    await t.flow(5, {})
    move(t)
    const movedAtMs = t.clock.now()
    expect(await t.until('reconnecting')).toMatchObject({
      lost: 'Nothing comes back through the tunnel any more.',
      isBlocked: true,
    })
    expect(t.clock.now() - movedAtMs).toBeLessThanOrEqual(10_000)
    t.service.exitAddress = '198.51.100.7'
    await t.until('connected')
  })

  it('is found dead within 25 s of its provider being gone', async () => {
    const t = await silent()
    await t.flow(12, {})
    t.pair.network.cut(t.proposal.provider, true)
    const goneAtMs = t.clock.now()
    expect(await t.until('reconnecting')).toMatchObject({ lost: 'Nothing comes back through the tunnel any more.' })
    expect(t.clock.now() - goneAtMs).toBeLessThanOrEqual(25_000)
  })

  it('that lives stays while its provider is not heard', async () => {
    const t = await start()
    await t.connect()
    t.pair.network.cut(t.proposal.provider, true)
    await t.flow(45, {})
    expect(t.seen).toEqual(['connecting', 'connected'])
  })

  it('that lives stays after either', async () => {
    const t = await start()
    await t.connect()
    t.clock.sleep(600_000)
    await t.flow(5, {})
    t.place.addresses = 'wlan0 10.0.0.7/24'
    await t.flow(30, {})
    expect(t.seen).toEqual(['connecting', 'connected'])
  })
})

describe('a tunnel', () => {
  it('that swallows large packets is mended in silence, and stays within its time', async () => {
    const t = await start({ transfer: true })
    t.service.blackHole = 'large packets'
    const askedAtMs = t.clock.now()
    expect((await t.connect()).live.exit).toEqual({ address: '198.51.100.7', isProviders: true })
    expect(t.clock.now() - askedAtMs).toBeLessThanOrEqual(5_000)
    expect(t.seen).toEqual(['connecting', 'connected'])
  })

  it.each([
    ['198.51.100.7', '198.51.100.8', false],
    ['::ffff:198.51.100.7', '198.51.100.7', true],
    ['2001:db8::7', '2001:DB8:0:0::7', true],
    ['2001:db8::7', '198.51.100.7', undefined],
  ])('whose traffic leaves from %s and that ends at %s is told to match: %s', async (seen, remote, isProviders) => {
    const t = await start()
    t.service.exitAddress = seen
    t.service.remoteAddress = remote
    const { live } = await t.connect()
    expect(live.exit?.isProviders).toBe(isProviders)
    expect(live.exit?.address).toBe(seen.replace('::ffff:', ''))
  })

  it('that carries small packets only, or answers no names, is not paid any further', async () => {
    const t = await start({ transfer: true })
    t.service.blackHole = true
    t.connection.connect(t.candidates)
    const askedAtMs = t.clock.now()
    expect(await t.until('disconnected')).toMatchObject({
      last: { step: 'verify-traffic', end: 'not-verified', message: expect.stringContaining('large ones do not') },
    })
    expect(t.clock.now() - askedAtMs).toBeLessThanOrEqual(5_000)
    t.service.blackHole = false
    t.service.answersNames = false
    t.connection.connect(t.candidates)
    expect(await t.until('disconnected')).toMatchObject({
      last: { end: 'not-verified', message: expect.stringContaining('No names are answered') },
    })
    t.service.answersNames = true
    await t.connect()
  })

  it('is not blamed for a name server of one’s own that is silent, and no other one is paid for it', async () => {
    const t = await start({ transfer: true, ownResolver: true, others: true })
    t.service.answersNames = false
    const asked: string[] = []
    t.connection.onChange((state) => void (state.name === 'connecting' && asked.push(state.proposal.provider)))
    t.connection.connect(t.candidates)
    expect(await t.until('disconnected')).toMatchObject({
      last: {
        ...{ step: 'verify-traffic', end: 'not-verified' },
        message: 'Your DNS server 192.0.2.53 does not answer through this connection; change it in Settings.',
      },
    })
    expect(new Set(asked).size).toBe(1)
    expect(t.experience).toEqual([])
    t.service.answersNames = true
    await t.connect()
    expect(t.experience).toEqual(['session'])
  })

  it('is followed by the others while reconnecting, where a name server of one’s own did answer before', async () => {
    const t = await start({ transfer: true, ownResolver: true, others: true })
    await t.connect()
    const asked = new Set<string>()
    t.connection.onChange((state) => void (state.name === 'reconnecting' && asked.add(state.proposal.provider)))
    t.service.answersNames = false
    t.service.lose()
    expect((await t.until('blocked')).why).toContain('Nobody could take over')
    expect(asked.size).toBe(2)
  })
})
