import { afterEach, describe, expect, it } from 'vitest'
import type { ConnectionState } from '#shared/model/session.ts'
import { createSessionPair } from '../testing/session-pair.ts'

type Pair = Awaited<ReturnType<typeof createSessionPair>>
const pairs: Pair[] = []
afterEach(async () => {
  for (const pair of pairs.splice(0)) await pair.stop()
})

/** As after a start with the setting on: the guard stands already. */
async function lockedDown(): Promise<Pair> {
  const pair = await createSessionPair({ guarded: true, leftBlockedAtMs: 0 })
  pairs.push(pair)
  pair.service.lockdown = true
  pair.connection.restate()
  return pair
}
const LOCKED = { name: 'blocked', isLockdown: true }
const settled = (pair: Pair, name: ConnectionState['name']) => pair.until(name)

describe('with lockdown', () => {
  it('is blocked wherever it would be disconnected, and lets nothing out on the way', async () => {
    const pair = await lockedDown()
    const { connection, service } = pair
    connection.connect([pair.proposal])
    await settled(pair, 'connected')
    await pair.settle(connection.disconnect())
    expect(connection.state).toMatchObject({ ...LOCKED, why: expect.stringMatching(/^Lockdown is on/) })
    expect(connection.state).not.toHaveProperty('again')
    // A second disconnect opens nothing either, nor does the end of the program.
    await pair.settle(connection.disconnect())
    await pair.settle(connection.disconnect('shutdown'))
    expect(connection.state).toMatchObject(LOCKED)
    expect(service.network).not.toContain('open')
    // Off: the word of the person opens.
    service.lockdown = false
    await pair.settle(connection.disconnect())
    expect(connection.state).toEqual({ name: 'disconnected' })
    expect(service.network.at(-1)).toBe('open')
  })

  it('says why an attempt failed, what can be asked for again, and stays closed', async () => {
    const pair = await lockedDown()
    pair.service.broken = true
    pair.connection.connect([pair.proposal], { filter: { country: 'DE' } })
    await settled(pair, 'blocked')
    expect(pair.connection.state).toMatchObject({ ...LOCKED, again: { country: 'DE' } })
    expect((pair.connection.state as { why: string }).why).toMatch(/.+ Lockdown is on/)
    expect(pair.service.network).not.toContain('open')
  })

  it('takes a setting into the state only while nobody is connected', async () => {
    const pair = await createSessionPair({ guarded: true })
    pairs.push(pair)
    const { connection, service } = pair
    connection.connect([pair.proposal])
    await settled(pair, 'connected')
    service.lockdown = true
    connection.restate()
    expect(connection.state.name).toBe('connected')
    await pair.settle(connection.disconnect())
    expect(connection.state).toMatchObject(LOCKED)
    service.lockdown = false
    await service.guard?.open()
    connection.restate()
    expect(connection.state).toEqual({ name: 'disconnected' })
  })
})
