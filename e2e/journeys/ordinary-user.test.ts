import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { type Agent, type Desk, openDesk, PASSWORD, USER, whyNoDesk } from '../lab/desk.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import type { Line, LineProcess } from '../lab/line-process.ts'
import { createTrade, INTERNET } from '../lab/trade.ts'

/*
 * Somebody who is not root buys over OpenVPN: the system's own prompt asks for the password, once, when it is
 * first needed and before anything was paid. polkit, pkexec and PAM are the real ones; only the window is not.
 */

const SELLER = { host: 'provider', home: 'seller' } as const
const EXIT = '203.0.113.10'
const OWN = '198.51.100.10'
const OVER_OPENVPN = ['connect', '--type', 'openvpn']
const runs = whyNoHosts() === undefined && openVpnAvailability().available && whyNoDesk() === undefined

describe.skipIf(!runs)('an ordinary user [needs root openvpn polkit]', () => {
  let lab: Lab
  let desk: Desk

  /** Programs of root's on the user's host; its namespace has no other than the helper's and OpenVPN's. */
  const ofRoot = async () => {
    const pids = await lab.hosts.run('router', 'ip', ['netns', 'pids', lab.hosts.host('consumer').namespace])
    return pids.split('\n').flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        const isRoots = /^Uid:\t0\t0\t0\t0$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
        return isRoots && command.some((part) => /helper\/main\.ts$|openvpn$/.test(part)) ? [{ pid, command }] : []
      } catch {
        return [] // ended in between, or an empty line
      }
    })
  }
  /** A helper ends after its connection, so not always before the node. */
  const noneOfRoot = () => expect.poll(ofRoot, { timeout: 10_000 }).toEqual([])
  const address = async () => (await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text
  const given = async () => (await desk.mystDone(['promises'])).filter(({ direction }) => direction === 'given')
  const ended = async (running: LineProcess): Promise<Line | undefined> => {
    expect((await running.exited).code).toBe(1)
    return running.lines.at(-1)
  }

  beforeAll(async () => {
    lab = await createLab()
    await lab.startNetwork()
    desk = await openDesk(lab, 'consumer')
    const member = desk.mystDone(['localnet', 'member', '--deposit', '50'])
    await lab.prepareIdentity(SELLER.host, SELLER.home, 0)
    await createTrade(lab).share(SELLER, { services: ['openvpn', 'socks'], price: '0.1', country: 'DE' })
    await member
  })
  afterAll(() => lab?.dispose())

  describe('with a desktop', () => {
    let node: LineProcess
    let agent: Agent

    beforeAll(async () => {
      const started = await desk.mystAsking(['app', '--path', join(desk.home.inside, 'page.sock')])
      node = started.running
      agent = started.agent
      await node.until('the app', ({ event }) => event === 'app')
    })

    it.each([
      ['a wrong password', () => agent.type('open barley')],
      ['a dismissed question', () => agent.dismiss()],
    ])('pays nothing after %s, and says why', async (_what, answer) => {
      const before = agent.asked()
      const running = desk.myst(OVER_OPENVPN)
      const { action, message } = await agent.question()
      expect(action).toBe('org.freedesktop.policykit.exec')
      expect(message).toContain('node_modules/node/bin/node')
      await running.until('nothing but the password missing', ({ step }) => step === 'agree-payment')
      answer()
      expect(await ended(running)).toMatchObject({
        state: 'disconnected',
        message: 'The permission to change the network was not given.',
        paidMyst: '0',
      })
      expect(agent.asked() - before).toBe(1)
      await noneOfRoot()
      expect(await address()).toBe(OWN)
    })

    it('asks once for what needs the helper at the same time, and not again in the same run', async () => {
      const before = agent.asked()
      const sharing = desk.myst([
        'provide',
        '--without-backup',
        '--service',
        'openvpn',
        '--price',
        '9',
        '--unit',
        'GiB',
      ])
      await agent.question()
      const first = desk.myst(OVER_OPENVPN)
      await first.until('nothing but the password missing', ({ step }) => step === 'agree-payment')
      expect(await given()).toEqual([]) // after the refusals neither
      agent.type(PASSWORD)
      await first.until('the connection', ({ state }) => state === 'connected')
      await sharing.until('the offer', ({ state }) => state === 'announced')
      expect(await address()).toBe(EXIT)
      expect(await given()).toHaveLength(1)

      const helper = (await ofRoot()).find(({ command }) => command.includes('--socket'))
      expect(helper?.command).toContain(join(lab.dir, 'Mysterium Desktop/src-main/helper/main.ts'))
      // Sees what is not this user's: so root's, on this host, with nothing of the user's in its environment.
      const environment = readFileSync(`/proc/${helper?.pid}/environ`, 'utf8').split('\0')
      expect(environment).toContain(`PKEXEC_UID=${USER.id}`)
      expect(environment.filter((entry) => /^(NODE_|MYST_)|home\//.test(entry))).toEqual([])
      const name = (pid: unknown) => readlinkSync(`/proc/${pid}/ns/net`)
      expect(name(helper?.pid)).toBe(name(node.pid))
      expect(name(helper?.pid)).not.toBe(name('self'))

      expect((await first.stop()).code).toBe(0)
      expect((await sharing.stop()).code).toBe(0)
      expect(await address()).toBe(OWN)
      const second = desk.myst(OVER_OPENVPN)
      await second.until('the second connection', ({ state }) => state === 'connected')
      expect(await address()).toBe(EXIT)
      expect((await second.stop()).code).toBe(0)
      expect(await address()).toBe(OWN)
      expect(agent.asked() - before).toBe(1)
    })

    it('leaves nothing behind when it ends', async () => {
      expect(await ofRoot()).not.toEqual([])
      expect((await node.stop()).code).toBe(0)
      await noneOfRoot()
      expect(await lab.hosts.run('consumer', 'nft', ['list', 'tables'])).toBe('')
      expect(await lab.hosts.run('consumer', 'ip', ['-4', 'rule'])).not.toContain('myst')
      expect(await address()).toBe(OWN)
    })
  })

  it.each([
    [
      'without a desktop',
      undefined,
      'Nothing here can ask for a password, as a desktop does; run myst as root instead.',
    ],
    [
      'without polkit',
      'bus' as const,
      'The system service that asks for a password (polkit) does not work here; run myst as root instead.',
    ],
  ])('says what to do %s', async (_where, without, message) => {
    const running = desk.myst(OVER_OPENVPN, without ? { without } : {})
    expect(await ended(running)).toMatchObject({ state: 'disconnected', message, paidMyst: '0' })
  })

  it('needs nobody for SOCKS', async () => {
    const running = desk.myst(['connect', '--type', 'socks'])
    const { socksPort } = await running.until('the connection', ({ state }) => state === 'connected')
    const through = await lab.transfer('consumer', { url: `${INTERNET}/ip`, socksPort: Number(socksPort) })
    expect(through.text).toBe(EXIT)
    expect((await running.stop()).code).toBe(0)
  })

  it('restores the internet after a crash, behind the same question', async () => {
    const { running, agent } = await desk.mystAsking(OVER_OPENVPN)
    await agent.question()
    agent.type(PASSWORD)
    await running.until('the connection', ({ state }) => state === 'connected')
    running.kill('SIGKILL')
    await running.exited
    await noneOfRoot()
    const outside = () => lab.transfer('consumer', { url: `${INTERNET}/ip`, timeoutMs: 1_500 })
    const reached = lab.requests().length
    await expect(outside()).rejects.toThrow()

    const refused = await desk.mystAsking(['reset-network'])
    await refused.agent.question()
    refused.agent.dismiss()
    const { code, stderr } = await refused.running.exited
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('"ElevationRefused"') })
    await expect(outside()).rejects.toThrow()
    expect(lab.requests()).toHaveLength(reached)

    const allowed = await desk.mystAsking(['reset-network'])
    await allowed.agent.question()
    allowed.agent.type(PASSWORD)
    expect((await allowed.running.exited).code).toBe(0)
    expect(allowed.agent.asked()).toBe(1)
    expect(await address()).toBe(OWN)
    await noneOfRoot()
  })

  it('takes the question back when the node ends', async () => {
    const { running, agent } = await desk.mystAsking(OVER_OPENVPN)
    await agent.question()
    const ended = running.stop()
    await agent.withdrawn()
    expect((await ended).code).toBe(0)
    await noneOfRoot()
  })

  it('takes the question back from somebody who needs too long', async () => {
    const { running, agent } = await desk.programAsking('e2e/lab/ask-for-helper.ts', [])
    await agent.question()
    running.kill('SIGUSR2')
    await agent.withdrawn()
    agent.type(PASSWORD)
    const message = 'The password was not given in time; try again to be asked again.'
    expect((await running.exited).code).toBe(0)
    expect(running.lines.at(-1)).toEqual({ event: 'failed', name: 'ElevationRefused', message })
    await noneOfRoot()
  })

  it('refuses a helper that comes too late', async () => {
    const { running, agent } = await desk.programAsking('e2e/lab/ask-for-helper.ts', [desk.home.inside])
    await agent.question()
    agent.type(PASSWORD)
    await running.until('the helper', ({ text }) => String(text).includes('held up'))
    running.kill('SIGUSR2')
    const message = 'The helper program did not start in time; try again.'
    const failed = await running.until('the limit', ({ event }) => event === 'failed')
    expect(failed).toMatchObject({ name: 'HelperGone', message })
    expect(await ofRoot()).toHaveLength(1)
    writeFileSync(join(desk.home.outside, 'go'), 'go\n')
    expect((await running.exited).code).toBe(0)
    expect(running.lines.some(({ text }) => /ENOENT.*\/myst-/.test(String(text)))).toBe(true)
    await noneOfRoot()
  })
})
