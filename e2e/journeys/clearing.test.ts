import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLoopback, type Loopback } from '../lab/loopback.ts'

/*
 * Being paid without asking for it, from the command line: when promises are cleared is chosen, kept, and
 * done by a provider that runs; who owes what can be looked at before.
 */
describe('clearing', () => {
  let here: Loopback
  let file = ''
  let buyer = ''

  beforeAll(async () => {
    here = createLoopback('correct horse')
    file = join(here.dir, 'network.json')
    const localnet = here.start(['localnet', 'up', '--out', file])
    await localnet.until('the network', (line) => line.event === 'up')
    for (const home of ['buyer', 'seller']) {
      const [made] = await succeed(['identity', 'new'], home)
      if (home === 'buyer') buyer = String(made?.identity)
      await succeed(['wallet', 'faucet', '60'], home)
      await succeed(['identity', 'register'], home)
    }
    await succeed(['wallet', 'deposit', '20', '--without-backup'], 'buyer')
  })
  afterAll(() => here?.dispose())

  async function succeed(args: string[], home: string) {
    const done = await here.run(args, { home, network: file })
    expect(done, args.join(' ')).toMatchObject({ code: 0, stderr: '' })
    return done.lines
  }

  it('follows a policy that is chosen in words, and kept', async () => {
    expect(await succeed(['clearing'], 'seller')).toEqual([{ atOnce: false, thresholdMyst: '1', maxAgeHours: 24 }])
    const chosen = { atOnce: false, thresholdMyst: '2.5', maxAgeHours: 12 }
    expect(await succeed(['clearing', '--threshold', '2.5', '--max-age', '12'], 'seller')).toEqual([chosen])
    expect(await succeed(['clearing'], 'seller')).toEqual([chosen])
    expect(await succeed(['clearing'], 'buyer')).toEqual([{ atOnce: false, thresholdMyst: '1', maxAgeHours: 24 }])
    for (const wrong of [['--at-once', 'maybe'], ['--max-age', '9000'], ['--threshold=-1'], ['--max-age', 'never']]) {
      const done = await here.run(['clearing', ...wrong], { home: 'seller', network: file })
      expect(done.code, wrong.join(' ')).toBe(2)
    }
    expect((await here.run(['clear', '--peer', 'somebody'], { home: 'seller', network: file })).code).toBe(2)
    expect(await succeed(['risk'], 'seller')).toEqual([])
  })

  it('shows who owes what, and happens by itself as soon as the policy says so', async () => {
    const terms = ['--service', 'socks', '--price', '0.1', '--unit', 'GiB', '--country', 'DE']
    const selling = here.start(['provide', '--without-backup', ...terms], { home: 'seller', network: file })
    await selling.until('the offer', (line) => line.event === 'service' && line.state === 'announced')
    const buying = here.start(['connect', '--type', 'socks'], { home: 'buyer', network: file })
    await buying.until('a connection', (line) => line.state === 'connected')

    const [owed] = await succeed(['risk'], 'seller')
    expect(owed).toMatchObject({
      ...{ issuer: buyer, balanceMyst: '20', owesElsewhereMyst: '0', creditMyst: '0.5', clearedHereMyst: '0' },
      ...{ withdrawalAnnounced: false, clearing: 'waiting' },
    })
    expect(Number(owed?.owesHereMyst)).toBeGreaterThan(0)
    expect(Number(owed?.exposureMyst)).toBe(20 - Number(owed?.owesHereMyst))
    expect(Number(owed?.clearingGasEther)).toBeGreaterThan(0)

    await succeed(['clearing', '--at-once', 'on'], 'seller')
    // Each question takes a moment, and the first clearing comes ten seconds after the start.
    let promises = await succeed(['promises'], 'seller')
    while (promises.some(({ state }) => state !== 'cleared')) promises = await succeed(['promises'], 'seller')
    expect(Number((await succeed(['wallet', 'show'], 'seller'))[0]?.balanceMyst)).toBeGreaterThan(0)
  })
})
