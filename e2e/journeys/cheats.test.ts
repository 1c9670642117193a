import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reachRunningNode } from '../../src-main/doors/client.ts'
import { MAX_AT_RISK } from '../../src-main/node/initial-state.ts'
import { type HostName, whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import { formatMyst, GIB, MYST } from '../../src-shared/model/units.ts'
import { createLab, LAB_PASSPHRASE, type Lab } from '../lab/lab.ts'
import type { Line, LineProcess } from '../lab/line-process.ts'
import { createTrade, INTERNET, mystOf, type Trade } from '../lab/trade.ts'

/*
 * The cheaper of two providers deceives, each time in another way, and somebody forgives it each time. What could it
 * take, what does the person see, and does anything get out beside the tunnel?
 */

const CHEAT = { host: 'provider', home: 'cheat', price: 1n * MYST, exit: '203.0.113.10' } as const
const HONEST = { host: 'provider2', home: 'honest', price: 2n * MYST, exit: '203.0.113.130' } as const
const BUYER = 'buyer'
const CONSUMER = '198.51.100.10'
const MIB = 2 ** 20
/** The first payment before anything was verified. */
const FIRST_STEP = MYST / 10_000n

const INFLATED = 'The provider counted more traffic than passed through the tunnel.'
const DEAD = 'Nothing comes back through the tunnel any more.'

/** Something on the consumer's machine that never stops talking. */
const CHATTER = `const socket = require('node:dgram').createSocket('udp4').on('error', () => undefined)
setInterval(() => socket.send('chatter', 9, '198.51.100.200', () => undefined), 10)`
/** Asks for so many datagrams, and takes what comes. */
const LISTENER = `const socket = require('node:dgram').createSocket('udp4').on('message', () => undefined)
socket.send(process.argv[1], 7, '198.51.100.200')`

describe.skipIf(whyNoHosts() !== undefined || !openVpnAvailability().available)(
  'a provider that cheats [needs root openvpn]',
  () => {
    let lab: Lab
    let trade: Trade
    const inflateFile = () => join(lab.dir, 'inflate')
    const inflate = (percent: number) => writeFileSync(inflateFile(), String(percent))

    const myst = (host: HostName, home: string, program: string, args: readonly string[]) =>
      lab.start(
        host,
        process.execPath,
        [program, '--home', lab.homeDir(home), '--network', lab.networkFile, '--json', ...args],
        { MYST_PASSPHRASE: LAB_PASSPHRASE, MYST_LAB_INFLATE: inflateFile() },
      )

    async function member(host: HostName, home: string, deposit: number): Promise<string> {
      const args = ['localnet', 'member', ...(deposit > 0 ? ['--deposit', String(deposit)] : [])]
      const running = myst(host, home, 'scripts/myst.mjs', args)
      const { code, stderr } = await running.exited
      expect(code, stderr).toBe(0)
      return String(running.lines[0]?.identity)
    }

    async function share({ host, home, price }: typeof CHEAT | typeof HONEST, program: string): Promise<void> {
      const terms = ['--price', formatMyst(price), '--unit', 'GiB', '--country', 'DE', '--bandwidth', '200']
      const running = myst(host, home, program, ['provide', '--without-backup', '--service', 'openvpn', ...terms])
      await running.until('announced', (line) => line.state === 'announced')
    }

    const nft = (host: HostName | 'router', rules: string) => lab.hosts.run(host, 'nft', ['-f', '-'], { input: rules })
    const drop = (host: HostName | 'router', name: string, chain: string, ...rules: string[]) =>
      nft(host, `table inet ${name} { chain c { ${chain} policy accept; ${rules.join('; ')}; }; }\n`)
    const heal = (host: HostName | 'router', name: string) => nft(host, `delete table inet ${name}\n`)
    const FORWARD = 'type filter hook forward priority 10;'
    /** The cheat lets nothing through its tunnel any more. */
    const dropAll = () => drop(CHEAT.host, 'cheat', FORWARD, 'iifname "mysts0" drop', 'oifname "mysts0" drop')

    /** Packets that the consumer's own address sent to the internet host since the last call. */
    async function leaked(): Promise<number> {
      const text = await lab.hosts.run('router', 'nft', ['reset', 'counter', 'inet', 'watch', 'leaked'])
      return Number(/packets (\d+)/.exec(text)?.[1])
    }

    let honest = ''
    let cheat = ''

    beforeAll(async () => {
      lab = await createLab()
      trade = createTrade(lab)
      inflate(100)
      await lab.startNetwork()
      ;[cheat = '', honest = ''] = await Promise.all([
        member(CHEAT.host, CHEAT.home, 0),
        member(HONEST.host, HONEST.home, 0),
        member('consumer', BUYER, 20),
      ])
      await Promise.all([share(CHEAT, 'e2e/lab/cheating-myst.ts'), share(HONEST, 'scripts/myst.mjs')])
      const seen = `ip saddr ${CONSUMER} ip daddr ${new URL(INTERNET).hostname} counter name leaked`
      await nft('router', `table inet watch { counter leaked { }; chain c { ${FORWARD} ${seen}; }; }\n`)
      lab.start('consumer', process.execPath, ['-e', CHATTER])
    })
    afterAll(() => lab?.dispose())

    const download = (bytes: number): LineProcess => {
      const task = { url: `${INTERNET}/bytes/${bytes}`, timeoutMs: 120_000 }
      return lab.start('consumer', process.execPath, ['e2e/lab/transfer.ts', JSON.stringify(task)])
    }

    /** Promised to somebody so far, in base units. */
    async function promisedToCheat(): Promise<bigint> {
      // Also what the provider has cleared since.
      const all = await lab.mystDone('consumer', BUYER, ['promises'])
      const given = all.filter(({ direction, peer }) => direction === 'given' && peer === cheat)
      return given.reduce((sum, line) => sum + mystOf(line, 'amountMyst'), 0n)
    }

    /** What the consumer's tunnel carried, both ways, until that happens; read anew all the time. */
    async function carriedUntil<T>(happens: Promise<T>): Promise<{ bytes: number; what: T }> {
      let bytes = 0
      let isOver = false
      const over = happens.finally(() => {
        isOver = true
      })
      over.catch(() => undefined)
      while (!isOver) {
        const now = await lab.counters('consumer', 'mystc0').catch(() => undefined)
        if (now && !isOver) bytes = now.receivedBytes + now.sentBytes
        await Promise.race([over.catch(() => undefined), delay(50)])
      }
      return { bytes, what: await happens }
    }

    /**
     * Buys from the cheat, uses it, and expects to end with the honest one. Returns the lines in between and what
     * the cheat holds of ours that it did not carry anything for.
     */
    async function fallsFor(how: string, use: (running: LineProcess) => Promise<LineProcess>) {
      const { running, connected } = await trade.connect(BUYER)
      expect(connected).toMatchObject({ provider: cheat, exit: CHEAT.exit, exitIsProviders: true })
      // What it held before, and is not used up yet, is at risk as well.
      const held = mystOf(connected, 'leftoverMyst') - (await promisedToCheat())
      await leaked()
      const using = await use(running)
      const startedAt = performance.now()
      const { bytes, what } = await carriedUntil(
        running.next('the loss', (line) => line.state === 'reconnecting', 40_000),
      )
      const noticedMs = performance.now() - startedAt
      const found = await running.until('the honest one', (l) => l.state === 'connected' && l.provider === honest)
      using.kill('SIGKILL')
      expect((await lab.transfer('consumer', { url: `${INTERNET}/ip` })).text).toBe(HONEST.exit)
      expect(await leaked()).toBe(0)
      expect(found).toMatchObject({ exit: HONEST.exit })
      const took = held + (await promisedToCheat()) - (CHEAT.price * BigInt(bytes)) / GIB
      expect(took).toBeLessThanOrEqual(MAX_AT_RISK)
      const between = running.lines.slice(running.lines.indexOf(what), running.lines.indexOf(found))
      // One sentence, the same at each step, and the block stands all the while.
      expect(new Set(between.map(({ state, message, blocked }) => `${state} ${blocked} ${message}`)).size).toBe(1)
      expect(what).toMatchObject({ provider: cheat, blocked: true, message: expect.any(String) })
      process.stdout.write(
        `  ${how}: took ${formatMyst(took)} of at most ${formatMyst(MAX_AT_RISK)} MYST, carried ${(bytes / MIB).toFixed(1)} MiB, noticed after ${Math.round(noticedMs)} ms\n`,
      )
      return { running, what, between, noticedMs }
    }

    async function leave(running: LineProcess): Promise<void> {
      // Money was lost, so it would not be chosen by itself again; now somebody wants it to be.
      const node = await reachRunningNode(join(lab.homeDir(BUYER), 'node.sock'))
      await node?.call('proposals.prefer', { provider: cheat, preferred: true })
      await node?.close()
      expect((await running.stop()).code).toBe(0)
      // What was talking all the time is heard again: the guard was what kept it in.
      await leaked()
      await delay(100)
      expect(await leaked()).toBeGreaterThan(0)
    }

    it('by taking payment and carrying nothing, and gets the first step only', async () => {
      await dropAll()
      const running = lab.myst('consumer', BUYER, ['connect'])
      await running.until('the tunnel', (line) => line.step === 'verify-traffic' && line.provider === cheat)
      await leaked()
      const found = await running.until('connected', (line) => line.state === 'connected')
      expect(await leaked()).toBe(0)
      expect(found).toMatchObject({ provider: honest, exit: HONEST.exit })
      const took = await promisedToCheat()
      expect(took).toBe(FIRST_STEP)
      process.stdout.write(`  nothing: took ${formatMyst(took)} of at most ${formatMyst(MAX_AT_RISK)} MYST\n`)
      await leave(running)
      await heal(CHEAT.host, 'cheat')
    })

    it.each([
      [5, 56 * MIB],
      [50, 24 * MIB],
      [500, 24 * MIB],
    ] as const)('by counting %i percent too much, and is left for the honest one', async (percent, bytes) => {
      inflate(100 + percent)
      // Enough to show it, and then a pause, because all that may have been on the way is taken for honest.
      const { running, what, between } = await fallsFor(`${percent} %`, async () => download(bytes))
      expect(what.message).toBe(INFLATED)
      // Who cheated is not tried again.
      expect(between.slice(1).map(({ provider }) => provider)).not.toContain(cheat)
      inflate(100)

      if (percent !== 5) return leave(running)
      // The honest one is not accused, with a perfect line and with one that loses every hundredth packet.
      for (const loss of [false, true]) {
        const lines = running.lines.length
        const between = [`ip saddr ${HONEST.exit} ip daddr ${CONSUMER}`, `ip saddr ${CONSUMER} ip daddr ${HONEST.exit}`]
        const lossy = between.map((way) => `${way} meta l4proto udp numgen random mod 100 == 0 counter drop`)
        if (loss) await drop('router', 'lossy', FORWARD, ...lossy)
        expect(await lab.transfer('consumer', { url: `${INTERNET}/bytes/${24 * MIB}` })).toMatchObject({
          bytes: 24 * MIB,
        })
        if (loss) {
          expect(await lab.hosts.run('router', 'nft', ['list', 'table', 'inet', 'lossy'])).toMatch(/packets \d{2,}/)
          await heal('router', 'lossy')
        }
        let status: Line | undefined
        while (Number(status?.meteredBytesDown ?? 0) < (loss ? 44 : 22) * MIB)
          status = await trade.buyer(BUYER, 'status')
        expect(status).toMatchObject({ state: 'connected', provider: honest })
        expect(running.lines.length).toBe(lines)
      }
      await leave(running)
    })

    it('by dropping every second packet that it counted', async () => {
      const { running, what } = await fallsFor('half', async () => {
        const port = 'meta l4proto udp udp sport 1194 meta length > 300'
        const chain = 'type filter hook output priority 10;'
        await drop(CHEAT.host, 'cheat', chain, `${port} numgen random mod 2 == 0 drop`)
        return lab.start('consumer', process.execPath, ['-e', LISTENER, '100000'])
      })
      expect(what.message).toBe(INFLATED)
      await leave(running)
      await heal(CHEAT.host, 'cheat')
    })

    it('by carrying nothing any more, which is noticed within 15 s', async () => {
      const { running, what, between, noticedMs } = await fallsFor('stops', async () => {
        const using = download(10_000 * MIB)
        while ((await lab.counters('consumer', 'mystc0')).receivedBytes < 16 * MIB) await delay(20)
        await dropAll()
        return using
      })
      expect(what.message).toBe(DEAD)
      expect(noticedMs).toBeLessThan(15_000)
      // The line might have been the cause, so the same one gets another try, and nothing more of ours.
      expect(between.some(({ provider, step }) => provider === cheat && step === 'verify-traffic')).toBe(true)
      await leave(running)
      await heal(CHEAT.host, 'cheat')
    })
  },
)
