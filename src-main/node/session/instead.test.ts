import { describe, expect, it } from 'vitest'
import { startGuarded } from '../testing/guarded-pair.ts'

const MIB = 2n ** 20n

describe('another provider instead', () => {
  /** Connected with the one, and the other one could take over. */
  const settle = async () => {
    const t = await startGuarded({ others: true })
    const [one, other] = t.candidates
    if (!one || !other) throw new Error('there is another one')
    t.connection.connect([one])
    await t.until('connected')
    return { ...t, otherOffer: other }
  }

  it('takes the session over, with nothing let out in between, and the first one is closed in order', async () => {
    const t = await settle()
    // Of two sessions that began in one moment neither is the later one.
    await t.flow(1, { down: MIB })
    t.connection.connect([t.otherOffer], { instead: true })
    expect(t.connection.state).toMatchObject({ name: 'connecting', proposal: { provider: t.other } })
    expect((await t.until('connected')).live.exit).toBeDefined()
    expect(t.seen).toEqual(['connecting', 'connected', 'connecting', 'connected'])
    expect(t.service.network).toEqual(['blocked', 'tunnel', 'blocked', 'tunnel'])
    expect(t.consumer.repository.list(5).map(({ peer, end }) => [peer, end])).toEqual([
      [t.other, undefined],
      [t.proposal.provider, 'consumer-closed'],
    ])
    await t.settle(t.connection.disconnect())
    expect([t.service.openTunnels(), t.service.consumers()]).toEqual([0, 0])
    expect(t.service.network.at(-1)).toBe('open')
  })

  it('stays closed when that one does not work, and opens when it is cancelled', async () => {
    const t = await settle()
    t.pair.network.cut(t.other, true)
    t.connection.connect([t.otherOffer], { instead: true })
    const askedAtMs = t.clock.now()
    const blocked = await t.until('blocked')
    expect(blocked).toMatchObject({ why: expect.stringContaining('does not answer'), sinceMs: askedAtMs })
    expect(t.service.network).not.toContain('open')
    const again = await settle()
    again.connection.connect([again.otherOffer], { instead: true })
    await again.settle(again.connection.disconnect())
    expect(again.connection.state.name).toBe('disconnected')
    expect(again.consumer.repository.list(5).map(({ end }) => end)).toEqual(['consumer-closed'])
    expect([again.service.openTunnels(), again.service.consumers()]).toEqual([0, 0])
    expect(again.service.network.at(-1)).toBe('open')
  })

  it('is taken when the session is lost at that moment', async () => {
    const t = await settle()
    t.service.lose()
    t.connection.connect([t.otherOffer], { instead: true })
    expect((await t.until('connected')).proposal.provider).toBe(t.other)
    expect(t.service.network).not.toContain('open')
  })

  it('is taken while the lost one is tried again, with nothing let out in between', async () => {
    const t = await settle()
    t.pair.network.cut(t.proposal.provider, true)
    t.service.lose()
    await t.until('reconnecting')
    t.connection.connect([t.otherOffer], { instead: true })
    expect(t.connection.state).toMatchObject({ name: 'connecting', proposal: { provider: t.other } })
    expect((await t.until('connected')).before).toBeUndefined()
    expect(t.seen).toEqual(['connecting', 'connected', 'reconnecting', 'connecting', 'connected'])
    expect(t.service.network).not.toContain('open')
    expect(t.consumer.repository.list(5).map(({ peer, end }) => [peer, end])).toEqual([
      [t.other, undefined],
      [t.proposal.provider, 'tunnel-failed'],
    ])
    await t.settle(t.connection.disconnect())
    expect([t.service.openTunnels(), t.service.consumers()]).toEqual([0, 0])
  })

  it('is asked for in words, while connected, and is no proxy behind a VPN', async () => {
    const t = await settle()
    const refusal = expect.objectContaining({ name: 'AlreadyConnected' })
    expect(() => t.connection.connect([t.otherOffer])).toThrow(refusal)
    const proxy = { ...t.otherOffer, serviceType: 'socks' as const }
    expect(() => t.connection.connect([proxy], { instead: true })).toThrow(/Disconnect first/)
    expect(() => t.connection.connect([], { instead: true })).toThrow(/No proposal matches/)
    await t.flow(2, {})
    expect(t.seen).toEqual(['connecting', 'connected'])
    t.connection.connect([t.otherOffer], { instead: true })
    expect(() => t.connection.connect([t.otherOffer], { instead: true })).toThrow(refusal)
    await t.until('connected')
  })
})
