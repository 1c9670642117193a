import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { createLab, LAB_PASSPHRASE, type Lab } from '../lab/lab.ts'
import type { LineProcess } from '../lab/line-process.ts'
import { findMosquitto } from '../lab/mosquitto.ts'
import { createTrade, directions, expectClose, INTERNET, type Trade } from '../lab/trade.ts'

/*
 * The main job as in deployment: every message goes through a real Mosquitto, whose door is our gate.
 */

const VISITOR = fileURLToPath(new URL('../lab/broker-visitor.ts', import.meta.url))
const SELLER = { host: 'provider', home: 'seller' } as const
const BUYER = { host: 'consumer', home: 'buyer' } as const
const DOWN = 20_000_000
const UP = 5_000_000
const NETWORK_FEE_BPS = 100n

/** One that has ended counts as such before its parent has taken notice (proc(5): state Z). */
function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

const runs = whyNoHosts() === undefined && openVpnAvailability().available && findMosquitto() !== undefined

describe.skipIf(!runs)('the main job through a real Mosquitto [needs root openvpn mosquitto]', () => {
  let lab: Lab
  let trade: Trade
  let hub: LineProcess
  let provider = ''
  let consumer = ''

  beforeAll(async () => {
    lab = await createLab()
    trade = createTrade(lab)
    hub = await lab.startNetwork({ broker: 'mosquitto' })
    provider = await lab.prepareIdentity('provider', 'seller', 0)
    consumer = await lab.prepareIdentity('consumer', 'buyer', 50)
  })
  afterAll(() => lab?.dispose())

  /** The identities that Mosquitto has let in so far, each as often as it came. */
  const admitted = () =>
    hub.lines.flatMap((line) => /New client connected from .*, u'([^']+)'\)/.exec(String(line.mosquitto))?.[1] ?? [])

  /** Somebody with an identity in that home and other software than ours. */
  const visit = (home: string, topics: readonly string[] = []) => {
    const args = [VISITOR, lab.networkFile, join(lab.dir, `${home}.json`), ...topics]
    return lab.start('consumer', process.execPath, args, { MYST_PASSPHRASE: LAB_PASSPHRASE })
  }

  it('lets in nobody who is not registered on chain', async () => {
    const [made] = await lab.mystDone('consumer', 'visitor', ['identity', 'new'])
    const visitor = String(made?.identity)
    await lab.mystDone('consumer', 'visitor', ['identity', 'export', visitor, '--out', join(lab.dir, 'visitor.json')])
    const refused = visit('visitor')
    await refused.until('the refusal', (line) => line.refused === 5)
    await refused.exited
    expect(admitted()).not.toContain(visitor)

    await lab.mystDone('consumer', 'visitor', ['wallet', 'faucet', '1000'])
    await lab.mystDone('consumer', 'visitor', ['identity', 'register'])
    const welcome = visit('visitor')
    await welcome.until('its admission', (line) => line.in === visitor)
    expect(admitted()).toContain(visitor)
    await welcome.stop()
  })

  it('browses over openvpn, and the provider is paid exactly what was promised less the fee', async () => {
    const others = [`myst/inbox/${provider}`, `myst/inbox/${consumer}`, 'myst/inbox/+', '#', '$SYS/#']
    const spy = visit('visitor', others)
    await spy.until('its admission', (line) => 'in' in line)
    const before = await trade.balances(BUYER.home, SELLER)
    // Cheap enough that what is paid ahead stays within a stranger's credit: beyond it the seller clears by itself.
    const provide = await trade.share(SELLER, { services: ['openvpn'], price: '0.1', country: 'DE' })

    const { running, connected } = await trade.connect(BUYER.home, '--country', 'DE')
    expect(connected).toMatchObject({ provider, service: 'openvpn', exit: '203.0.113.10' })
    expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe('203.0.113.10')
    const down = await lab.transfer('consumer', { url: `${INTERNET}/bytes/${DOWN}` })
    expect(down.bytes).toBe(DOWN)
    const up = await lab.transfer('consumer', { url: `${INTERNET}/sink`, method: 'PUT', uploadBytes: UP })
    expect(up.text).toBe(String(UP))
    const moved = directions(await lab.counters('consumer', 'mystc0'), 'sent')
    expectClose(await trade.caughtUp(BUYER.home, moved), moved)

    expect((await running.stop()).code).toBe(0)
    expect(running.lines.at(-1)).toMatchObject({ state: 'disconnected' })
    expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe('198.51.100.10')
    expect(await trade.one(SELLER, 'sessions')).toMatchObject({ end: 'consumer-closed' })

    const given = await trade.openPromises(BUYER, 'given')
    const { amount, fee, cleared } = await trade.clear(SELLER)
    expect(cleared.map(({ serial, amountMyst }) => ({ serial, amountMyst }))).toEqual(
      given.map(({ serial, amountMyst }) => ({ serial, amountMyst })),
    )
    expect(amount).toBeGreaterThan(0n)
    expect(fee).toBe((amount * NETWORK_FEE_BPS) / 10_000n)
    const after = await trade.balances(BUYER.home, SELLER)
    expect(before.buyer - after.buyer).toBe(amount)
    expect(after.seller - before.seller).toBe(amount - fee)
    await provide.stop()

    // All of it went through Mosquitto, before the ears of somebody who asked for everything.
    expect(admitted()).toEqual(expect.arrayContaining([provider, consumer]))
    const sent = hub.lines.filter((line) => String(line.mosquitto).includes(`'myst/inbox/${provider}'`))
    expect(sent.length).toBeGreaterThan(10)
    await spy.stop()
    const own = String(spy.lines[0]?.in)
    expect(spy.lines.slice(1)).toEqual([{ heard: `myst/inbox/${own}` }])
  })

  it('ends Mosquitto with the lab, also when the program that started it was killed', async () => {
    const { pid } = await hub.until('its pid', (line) => line.event === 'mosquitto')
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('mosquitto\n')
    expect(isAlive(Number(pid))).toBe(true)
    hub.kill('SIGKILL')
    await hub.exited
    await lab.dispose()
    expect(isAlive(Number(pid))).toBe(false)
    expect(existsSync(lab.dir)).toBe(false)
  })
})
