import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { findChromium } from '../lab/browser.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { type OpenedApp, openApp, type RunningApp, startApp } from '../pages/open-app.ts'

/* What goes wrong on the way, and what the page says and does about it. */

const PASSPHRASE = 'four quiet rivers under glass'
const EXIT = '203.0.113.10'

const runs = whyNoHosts() === undefined && findChromium() !== undefined

describe.skipIf(!runs)('the app in trouble [needs root chromium]', () => {
  let lab: Lab
  let node: RunningApp
  let me: OpenedApp
  /** Offers that stand on the chain: the one's provider was killed, the other's answers. */
  let gone: string
  let present: string

  async function provide(host: 'provider' | 'provider2', home: string, country: string, price: string) {
    const id = await lab.prepareIdentity(host, home, 0)
    const terms = ['--price', price, '--unit', 'GiB', '--country', country, '--bandwidth', '200']
    const running = lab.myst(host, home, ['provide', '--service', 'socks', ...terms])
    await running.until('announced', (line) => line.state === 'announced')
    return { id, running }
  }

  beforeAll(async () => {
    lab = await createLab()
    await lab.startNetwork()
    const [cheap, dear] = await Promise.all([
      provide('provider2', 'cheap', 'NL', '0.05'),
      provide('provider', 'dear', 'DE', '0.1'),
    ])
    gone = cheap.id
    present = dear.id
    cheap.running.kill('SIGKILL')
    await cheap.running.exited
    node = await startApp(lab, 'consumer', 'me')
    me = await openApp(node.address)
    await me.app.setup.finish({ passphrase: PASSPHRASE, backupPath: join(lab.dir, 'backup.json') })
  })
  afterAll(async () => {
    await me?.close()
    await lab?.dispose()
  })

  // Each starts where the one before ended.
  let stuck = false
  let excused = 0
  beforeEach((context) => context.skip(stuck))
  afterEach(({ task }) => {
    stuck ||= task.result?.state === 'fail'
    expect(me.problems().slice(excused)).toEqual([])
  })

  it('says that the node ended, and lets the person in again at the new address', async () => {
    const { app } = me
    await app.connect.offerOf(present).waitFor()
    node.node.kill('SIGKILL')
    await node.node.exited
    await app.lost.waitFor()
    // What was known stays in sight meanwhile.
    await app.connect.offerOf(present).waitFor()

    node = await startApp(lab, 'consumer', 'me', node.door)
    await app.signedOut.waitFor()
    // Requests to a node that is not there are what this was about.
    expect(me.problems().every((problem) => /ERR_|status of 401|WebSocket/.test(problem))).toBe(true)
    excused = me.problems().length
    await app.open(node.address)
    await app.unlock.title.waitFor()
    expect(me.page.url()).not.toContain('token')
  })

  it('refuses a wrong passphrase in words, and opens with the right one', async () => {
    const { unlock, connect } = me.app
    await unlock.unlock('four quiet rivers under grass')
    await unlock.error.filter({ hasText: 'passphrase' }).waitFor()
    await unlock.unlock(PASSPHRASE)
    await connect.state('Not connected').waitFor()
    await connect.offerOf(present).waitFor()
  })

  it('stops connecting at once when it is cancelled', async () => {
    const { connect } = me.app
    await connect.connectTo(gone)
    await connect.steps.filter({ hasText: 'Reach the provider' }).filter({ hasText: 'in progress' }).waitFor()
    const cancelledAt = performance.now()
    await connect.cancel.click()
    await connect.state('Not connected').waitFor()
    expect(performance.now() - cancelledAt).toBeLessThan(2000)
    await connect.ended.filter({ hasText: 'Nothing was paid.' }).waitFor()
    // What a person did herself is no alarm.
    expect(await connect.failure.count()).toBe(0)
  })

  it('says who does not answer and that nothing was paid, and goes on with the next', async () => {
    const { connect } = me.app
    await connect.connectTo(gone)
    await connect.failure.filter({ hasText: 'does not answer; it may be offline' }).waitFor({ timeout: 60_000 })
    await connect.failure.filter({ hasText: 'Nothing was paid.' }).waitFor()
    await connect.offerOf(gone).getByText('0 of 1 worked').waitFor()
    await connect.tryNext.click()
    await connect.confirm()
    await connect.state('Connected').waitFor()
    await connect.figure('Exit address').getByText(EXIT).waitFor()
    await connect.disconnect.click()
    await connect.state('Not connected').waitFor()
    expect(await connect.failure.count()).toBe(0)
  })
})
