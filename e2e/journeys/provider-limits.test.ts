import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { INTERNET } from '../lab/trade.ts'

/* A provider sells so much a month and at some hours: with the whole node, a crash, and a consumer who is told. */

const MIB = 2 ** 20

describe.skipIf(whyNoHosts() !== undefined)('a provider with limits [needs root]', () => {
  let lab: Lab

  beforeAll(async () => {
    lab = await createLab()
    await lab.startNetwork()
    await Promise.all([lab.prepareIdentity('provider', 'seller', 0), lab.prepareIdentity('consumer', 'buyer', 20)])
  })
  afterAll(() => lab?.dispose())

  async function provide(...limits: string[]) {
    const terms = ['--price', '0.1', '--unit', 'GiB', '--country', 'DE', ...limits]
    const running = lab.myst('provider', 'seller', ['provide', '--without-backup', '--service', 'socks', ...terms])
    await running.until('announced', (line) => line.state === 'announced')
    return running
  }

  const connect = () => lab.myst('consumer', 'buyer', ['connect', '--type', 'socks'])

  it('ends a session with its month, and serves nobody after it was killed and started again', async () => {
    const seller = await provide('--monthly', String(20 / 1024))
    const buyer = connect()
    const { socksPort } = await buyer.until('connected', (line) => line.state === 'connected')
    const way = { socksPort: Number(socksPort) }
    expect(await lab.transfer('consumer', { url: `${INTERNET}/bytes/${5 * MIB}`, ...way })).toMatchObject({
      bytes: 5 * MIB,
    })
    const downloads = (async () => {
      for (;;) await lab.transfer('consumer', { url: `${INTERNET}/bytes/${5 * MIB}`, ...way })
    })().catch((error: unknown) => error)
    const closed = await seller.until('closed', (line) => line.event === 'closed')
    expect(closed).toMatchObject({ reason: 'volume-used-up' })
    expect(Number(closed.untilMs)).toBeGreaterThan(Date.now())
    expect(Number(closed.monthBytes)).toBeGreaterThanOrEqual(20 * MIB)
    expect(await downloads).toBeInstanceOf(Error)
    // Tries to come back to the only provider there is, is refused, and says why it was lost.
    const { code } = await buyer.exited
    expect(code).toBe(1)
    expect(String(buyer.lines.at(-1)?.message)).toContain('as much as it allows for this month')
    expect((await lab.mystDone('provider', 'seller', ['sessions']))[0]).toMatchObject({ end: 'volume-used-up' })

    seller.kill('SIGKILL')
    await seller.exited
    const again = await provide('--monthly', String(20 / 1024))
    await again.until('closed', (line) => line.event === 'closed')
    const refused = connect()
    expect((await refused.exited).code).toBe(1)
    expect(refused.lines.at(-1)).toMatchObject({ state: 'disconnected', reason: 'volume-used-up' })
    await again.stop()
  }, 240_000)

  it('serves nobody outside of its hours, and says until when', async () => {
    const time = (inHours: number) => new Date(Date.now() + inHours * 3_600_000).toTimeString().slice(0, 5)
    const seller = await provide('--hours', `${time(2)}-${time(4)}`)
    const closed = await seller.until('closed', (line) => line.event === 'closed')
    expect(closed).toMatchObject({ reason: 'outside-hours' })
    expect(Number(closed.untilMs) - Date.now()).toBeLessThan(2 * 3_600_000 + 1)
    const refused = connect()
    expect((await refused.exited).code).toBe(1)
    expect(refused.lines.at(-1)).toMatchObject({ state: 'disconnected', reason: 'outside-hours' })
    await seller.stop()
  }, 120_000)
})
