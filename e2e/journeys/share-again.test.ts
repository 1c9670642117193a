import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { m } from '../../src-renderer/messages/index.ts'
import { findChromium } from '../lab/browser.ts'
import type { LineProcess } from '../lab/line-process.ts'
import { createLoopback, type Loopback } from '../lab/loopback.ts'
import { openApp } from '../pages/open-app.ts'

/* A server that shares is switched off without a word: its owner learns of it, or it goes on by itself. */

const TERMS = ['provide', '--service', 'socks', '--price', '0.1', '--unit', 'GiB', '--country', 'DE']
const SOON = { timeout: 30_000 }

describe.skipIf(findChromium() === undefined)('sharing after the app ended [needs chromium]', () => {
  let here: Loopback
  let file = ''
  let app: LineProcess
  let address = ''
  /** Where what is shared was announced. */
  let announced: unknown[]

  const myst = async (...args: string[]) => {
    const done = await here.run(args, { home: 'seller', network: file })
    expect(done, args.join(' ')).toMatchObject({ code: 0, stderr: '' })
    return done.lines
  }
  const sharing = async () => (await myst('status'))[0]?.sharing
  const offers = async () =>
    (await here.run(['proposals'], { home: 'buyer', network: file })).lines.map(({ serial, block }) => [serial, block])
  async function startApp() {
    app = here.start(['app'], { home: 'seller', network: file })
    const line = await app.until('its page', ({ event }) => event === 'app', 30_000)
    address = `${String(line.address)}/#token=${String(line.token)}`
    await app.until('unlocked', ({ event }) => event === 'unlocked')
  }
  async function crash() {
    app.kill('SIGKILL')
    await app.exited
  }

  beforeAll(async () => {
    here = createLoopback('four quiet rivers under glass')
    file = join(here.dir, 'network.json')
    await here.start(['localnet', 'up', '--out', file]).until('the network', (line) => line.event === 'up')
    await myst('localnet', 'member', '--out', join(here.dir, 'backup.json'))
    await startApp()
    const provide = here.start(TERMS, { home: 'seller', network: file })
    await provide.until('announced', (line) => line.state === 'announced')
    announced = await offers()
    expect(announced).toHaveLength(1)
    await crash()
    expect(await provide.exited).toMatchObject({ code: 1 })
  })
  afterAll(() => here?.dispose())

  it('says that sharing stopped with the app, and shares again on the same terms at a press', async () => {
    expect(await sharing()).toMatchObject({ state: 'off', interrupted: true })
    await startApp()
    await app.until('what stopped', ({ event }) => event === 'sharing-interrupted')
    const me = await openApp(address)
    try {
      await me.app.goTo('share')
      await me.app.share.again.click()
      await me.app.share.running('socks').getByText(m.share.serviceStates.announced).waitFor()
      expect(await sharing()).toMatchObject({ state: 'on', priceMyst: '0.1', interrupted: false })
      expect(await me.app.share.again.count()).toBe(0)
      expect(me.problems()).toEqual([])
    } finally {
      await me.close()
    }
    // Paid for once: the offer of before stood still.
    expect(await offers()).toEqual(announced)
  })

  it('shares again by itself where that is set', async () => {
    await myst('settings', 'set', 'share-on-start', 'on')
    await crash()
    await startApp()
    await expect.poll(sharing, SOON).toMatchObject({ state: 'on', services: [{ state: 'announced' }] })
    expect(await offers()).toEqual(announced)
  })

  it('leaves off what a person stopped', async () => {
    const provide = here.start([...TERMS.slice(0, 4), '0.2', ...TERMS.slice(5), '--instead'], {
      home: 'seller',
      network: file,
    })
    await provide.until('announced', (line) => line.state === 'announced')
    expect(await provide.stop()).toMatchObject({ code: 0 })
    await crash()
    await startApp()
    expect(await sharing()).toMatchObject({ state: 'off', interrupted: false })
  })
})
