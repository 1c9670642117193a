import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { parseMyst } from '../../src-shared/model/units.ts'
import { createLab, LAB_PASSPHRASE, type Lab } from '../lab/lab.ts'
import type { Line, LineProcess } from '../lab/line-process.ts'
import { createTrade, INTERNET, mystOf, type Trade } from '../lab/trade.ts'

/*
 * Two programs and their person use three strangers at once, each paid from where it should be. One program spends its
 * budget, one loses its provider to the person, and the node is killed in between.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** By price. Two of them share a host, so their traffic leaves from the same address. */
const SELLERS = {
  DE: { host: 'provider', home: 'de', price: '1', exit: '203.0.113.10' },
  SE: { host: 'provider', home: 'se', price: '1.5', exit: '203.0.113.10' },
  NL: { host: 'provider2', home: 'nl', price: '2', exit: '203.0.113.130' },
  FR: { host: 'provider2', home: 'fr', price: '3', exit: '203.0.113.130' },
} as const
type Country = keyof typeof SELLERS
const MB = 1_000_000
/** At 1 MYST per GiB about 54 MB. */
const BUDGET = '0.05'
const API = 'http://127.0.0.1:14050'
/** A command line takes its time to start. */
const SOON = { timeout: 30_000 }

describe.skipIf(whyNoHosts() !== undefined || !existsSync('/usr/bin/curl'))(
  'programs with a connection of their own [needs root curl]',
  () => {
    let lab: Lab
    let trade: Trade
    let node: LineProcess
    let person: LineProcess
    const ids = {} as Record<Country, string>
    const sharing = {} as Record<Country, LineProcess>
    const keys = { Backup: '', Mail: '' }
    const ports = { Backup: 0, Mail: 0, person: 0 }

    const startNode = async () => {
      const started = lab.myst('consumer', 'me', ['app'])
      await started.until('its page', (line) => line.event === 'app')
      return started
    }
    const myst = (...words: string[]) => lab.mystDone('consumer', 'me', words)
    const programs = async () =>
      Object.fromEntries((await myst('program', 'list')).map((row) => [String(row.name), row])) as Record<string, Line>
    const ask = async (key: string, path: string, ...options: string[]) => {
      const args = ['-sS', '-w', '\n%{http_code}', '-H', `Authorization: Bearer ${key}`, ...options, `${API}${path}`]
      const [body = '', status] = (await lab.hosts.run('consumer', 'curl', args, { timeoutMs: 90_000 })).split(
        /\n(?=\d+$)/,
      )
      return { status: Number(status), body: (body === '' ? {} : JSON.parse(body)) as Line }
    }
    const settled = (key: string) => ask(key, '/v1/connection?until=settled&timeoutS=60')
    const fetched = (socksPort: number, path: string, timeoutMs = 60_000) =>
      lab.transfer('consumer', { url: `${INTERNET}${path}`, socksPort, timeoutMs })
    const connectPerson = async (country: Country) => {
      const { running, connected } = await trade.connect('me', '--type', 'socks', '--country', country)
      person = running
      ports.person = Number(connected.socksPort)
      return connected
    }

    beforeAll(async () => {
      lab = await createLab()
      trade = createTrade(lab)
      await lab.startNetwork()
      for (const [country, { price, ...seller }] of Object.entries(SELLERS)) {
        ids[country as Country] = await lab.prepareIdentity(seller.host, seller.home, 0)
        sharing[country as Country] = await trade.share(seller, { services: ['socks'], price, country })
      }
      await lab.prepareIdentity('consumer', 'me', 50)
      node = await startNode()
      // Five identities, one after the other.
    }, 300_000)
    afterAll(() => lab?.dispose())

    it('are added, with a port that stays and a key that is shown once', async () => {
      expect(await myst('program', 'list')).toEqual([])
      await myst('program', 'add', 'Backup', '--budget', BUDGET, '--country', 'de')
      await myst('program', 'add', 'Mail', '--budget', '5', '--country', 'NL', '--max-price', '2')
      for (const name of ['Backup', 'Mail'] as const) {
        const [told] = await myst('program', 'key', name)
        keys[name] = String(told?.key)
      }
      const rows = await programs()
      expect(rows.Backup).toMatchObject({ budgetMyst: BUDGET, spentMyst: '0', country: 'DE', state: 'disconnected' })
      expect(rows.Mail).toMatchObject({ maxPriceMyst: '2', key: `…${keys.Mail.slice(-4)}` })
      for (const name of ['Backup', 'Mail'] as const) ports[name] = Number(rows[name]?.socksPort)
      await expect(ask(keys.Mail, '/v1/program')).rejects.toThrow()
      await myst('settings', 'set', 'programs-api', 'on')
      expect((await ask(keys.Mail, '/v1/program')).body).toMatchObject({ name: 'Mail', leftMyst: '5' })
      await expect(myst('program', 'add', 'a\u001b[31m', '--budget', '1')).rejects.toThrow(/visible characters/)
    })

    it('use three providers at once with the person, each metered apart', async () => {
      expect(await connectPerson('FR')).toMatchObject({ provider: ids.FR })
      expect(await myst('program', 'connect', 'Backup')).toMatchObject([{ state: 'connected', provider: ids.DE }])
      expect(await ask(keys.Mail, '/v1/connection', '--json', '{}')).toMatchObject({ status: 202 })
      const mail = { state: 'connected', provider: ids.NL, exit: { address: SELLERS.NL.exit } }
      expect(await settled(keys.Mail)).toMatchObject({
        status: 200,
        body: { ...mail, proxy: `socks5h://127.0.0.1:${ports.Mail}` },
      })
      const moved = { person: 3 * MB, Backup: 5 * MB, Mail: 9 * MB }
      await Promise.all([
        fetched(ports.person, `/bytes/${moved.person}`),
        fetched(ports.Backup, `/bytes/${moved.Backup}`),
        fetched(ports.Mail, `/bytes/${moved.Mail}`),
      ])
      // Within 1 %: what was fetched, and the probes of a connection (48 KiB).
      const near = (bytes: unknown, fetched: number) => Math.abs(Number(bytes) / (fetched + 49_152) - 1) < 0.01
      await expect
        .poll(async () => {
          const [status] = await myst('status')
          const [backup, mail] = await Promise.all([keys.Backup, keys.Mail].map((key) => ask(key, '/v1/connection')))
          return [
            near(status?.bytesDown, moved.person),
            near(backup?.body.bytesDown, moved.Backup),
            near(mail?.body.bytesDown, moved.Mail),
          ]
        }, SOON)
        .toEqual([true, true, true])
      // As the other side saw it: each of three customers of one identity, at its own provider.
      for (const country of ['DE', 'NL', 'FR'] as const) {
        expect(await lab.mystDone(SELLERS[country].host, SELLERS[country].home, ['sessions'])).toHaveLength(1)
      }
    })

    it('spend no more than their budget: the session of one ends with the sentence, and the others go on', async () => {
      const before = await myst('status')
      const endless = expect(fetched(ports.Backup, `/bytes/${900 * MB}`, 120_000)).rejects.toThrow()
      await expect.poll(async () => (await programs()).Backup?.state, { timeout: 120_000 }).toBe('disconnected')
      await endless
      const { body } = await ask(keys.Backup, '/v1/connection')
      const sentence = 'The budget is used up; raise it to go on.'
      expect(body).toEqual({ state: 'disconnected', message: sentence, end: 'budget-used-up' })
      const { Backup, Mail } = await programs()
      const spent = mystOf(Backup, 'spentMyst')
      expect(spent).toBeLessThanOrEqual(parseMyst(BUDGET))
      expect(spent).toBeGreaterThan((parseMyst(BUDGET) * 9n) / 10n)
      const promised = await trade.openPromises(SELLERS.DE, 'received')
      expect(promised.reduce((sum, line) => sum + mystOf(line, 'amountMyst'), 0n)).toBeLessThanOrEqual(
        parseMyst(BUDGET),
      )
      const kept = await myst('sessions')
      const ofPeer = (country: Country) => kept.find(({ peer }) => peer === ids[country])
      expect(ofPeer('DE')).toMatchObject({ end: 'budget-used-up', country: 'DE', program: 'Backup' })
      expect(ofPeer('FR')).toMatchObject({ end: null, country: 'FR', program: null })

      expect(Mail).toMatchObject({ state: 'connected' })
      expect(await myst('status')).toMatchObject([{ state: 'connected', sessionId: before[0]?.sessionId }])
      expect((await fetched(ports.Mail, '/ip')).text).toBe(SELLERS.NL.exit)
      expect((await fetched(ports.person, '/ip')).text).toBe(SELLERS.FR.exit)
      // Nothing listens where it was.
      await expect(fetched(ports.Backup, '/ip', 3_000)).rejects.toThrow()
      process.stdout.write(`  spent ${Backup?.spentMyst} of ${BUDGET} MYST\n`)
    })

    it('are told why they cannot: used up, nobody there, connected already, too much, not understood', async () => {
      const answers = async (key: string, body: string) => {
        const answer = await ask(key, '/v1/connection', '--json', body)
        return [answer.status, (answer.body.error as Line | undefined)?.name]
      }
      expect(await answers(keys.Backup, '{}')).toEqual([402, 'BudgetUsedUp'])
      expect(await answers(keys.Mail, '{}')).toEqual([409, 'AlreadyConnected'])
      expect(await answers(keys.Mail, '{"country":"de"}')).toEqual([422, 'InvalidInput'])
      expect(await answers(keys.Mail, '{"pricePerUnit":"1"}')).toEqual([422, 'InvalidInput'])
      expect(await answers(keys.Mail, 'no json')).toEqual([422, 'InvalidInput'])
      expect(await answers(keys.Mail, JSON.stringify({ country: 'x'.repeat(8_192) }))).toEqual([413, 'TooLarge'])
      expect(await ask(keys.Mail, '/v1/connection', '-X', 'DELETE')).toMatchObject({ status: 204 })
      expect(await answers(keys.Mail, '{"country":"JP"}')).toEqual([404, 'NoProposal'])
      // Its person's highest price holds, whatever it asks for.
      expect(await answers(keys.Mail, '{"country":"FR","maxPricePerUnit":"9"}')).toEqual([404, 'NoProposal'])
      // The person is connected with the only one in that country.
      await myst('program', 'change', 'Mail', '--max-price', 'any')
      expect(await answers(keys.Mail, '{"country":"FR"}')).toEqual([409, 'ProvidersInUse'])
      const { body } = await ask(keys.Mail, '/v1/proposals?maxPrice=2&limit=2')
      expect(body.proposals).toMatchObject([{ country: 'NL', pricePerUnitMyst: '2', unit: 'GiB', provider: ids.NL }])
    })

    it('go on with another provider when the person connects to theirs, with the same port', async () => {
      await myst('program', 'change', 'Backup', '--budget', '10', '--country', 'any')
      expect(await ask(keys.Backup, '/v1/connection', '--json', '{}')).toMatchObject({ status: 202 })
      expect(await settled(keys.Backup)).toMatchObject({ body: { state: 'connected', provider: ids.DE } })
      expect((await fetched(ports.Backup, `/bytes/${MB}`)).bytes).toBe(MB)
      expect((await person.stop()).code).toBe(0)
      expect(await connectPerson('DE')).toMatchObject({ provider: ids.DE })
      await expect
        .poll(async () => (await settled(keys.Backup)).body, SOON)
        .toMatchObject({ state: 'connected', provider: ids.SE, proxy: `socks5h://127.0.0.1:${ports.Backup}` })
      expect((await fetched(ports.Backup, '/ip')).text).toBe(SELLERS.SE.exit)
      expect((await fetched(ports.person, '/ip')).text).toBe(SELLERS.DE.exit)
      // It took its leave: both sides hold its end, and the provider is accused of nothing.
      const [, left] = await lab.mystDone(SELLERS.DE.host, SELLERS.DE.home, ['sessions'])
      expect(left).toMatchObject({ end: 'consumer-closed', signed: 'both' })
      expect(await myst('proposals')).toMatchObject([{ provider: ids.DE }, {}, {}, {}])
    })

    it('lose a key the moment there is another', async () => {
      expect((await ask(keys.Backup, '/v1/program')).status).toBe(200)
      const [told] = await myst('program', 'key', 'Backup')
      expect((await ask(keys.Backup, '/v1/program')).status).toBe(401)
      keys.Backup = String(told?.key)
      expect((await ask(keys.Backup, '/v1/program')).status).toBe(200)
      // Also where it waits for an answer: a provider that is gone is tried for a quarter of a minute.
      sharing.FR.kill('SIGKILL')
      expect(await ask(keys.Mail, '/v1/connection', '--json', '{"country":"FR"}')).toMatchObject({ status: 202 })
      const waiting = settled(keys.Mail)
      expect((await ask(keys.Mail, '/v1/connection')).body).toMatchObject({
        state: 'connecting',
        step: 'reach-provider',
      })
      keys.Mail = String((await myst('program', 'key', 'Mail'))[0]?.key)
      expect((await waiting).status).toBe(401)
      expect((await ask(keys.Mail, '/v1/connection')).body).toMatchObject({ state: 'connecting' })
      expect(await ask(keys.Mail, '/v1/connection', '-X', 'DELETE')).toMatchObject({ status: 204 })
    })

    it('have spent after a kill what was written down before it, and go on', async () => {
      const before = mystOf((await programs()).Backup, 'spentMyst')
      const stuck = expect(fetched(ports.Backup, `/bytes/${900 * MB}`, 60_000)).rejects.toThrow()
      await expect.poll(async () => mystOf((await programs()).Backup, 'spentMyst') > before, SOON).toBe(true)
      const last = mystOf((await programs()).Backup, 'spentMyst')
      node.kill('SIGKILL')
      await node.exited
      await stuck
      node = await startNode()
      const { Backup } = await programs()
      expect(mystOf(Backup, 'spentMyst')).toBeGreaterThanOrEqual(last)
      expect(mystOf(Backup, 'spentMyst')).toBeLessThanOrEqual(parseMyst('10'))
      expect(Backup).toMatchObject({ state: 'disconnected' })
      expect(await myst('program', 'connect', 'Backup')).toMatchObject([{ state: 'connected' }])
      await myst('program', 'remove', 'Backup')
      await myst('program', 'remove', 'Mail')
    })

    it('do what docs/api.md says, as it is written there', async () => {
      const commands = [...readFileSync(join(ROOT, 'docs/api.md'), 'utf8').matchAll(/^```sh\n(.*?)^```/gms)]
      expect(commands.length).toBeGreaterThanOrEqual(7)
      const bin = join(lab.dir, 'bin')
      mkdirSync(bin)
      const own = [process.execPath, join(ROOT, 'scripts/myst.mjs'), '--home', lab.homeDir('me')]
      writeFileSync(join(bin, 'myst'), `#!/bin/sh\nexec ${own.map((word) => `'${word}'`).join(' ')} "$@"\n`)
      chmodSync(join(bin, 'myst'), 0o755)
      const script = commands.map(([, text]) => `${text}echo; echo ---`).join('\n')
      const running = lab.start('consumer', 'bash', ['-euo', 'pipefail', '-c', script], {
        ...{ PATH: `${bin}:${process.env.PATH}`, MYST_PASSPHRASE: LAB_PASSPHRASE, URL: `${INTERNET}/ip` },
      })
      const { code, stderr } = await running.exited
      expect([code, stderr]).toEqual([0, ''])
      const printed = running.lines.filter(({ text }) => text !== '' && text !== '---')
      expect(printed.slice(-5)).toMatchObject([
        { name: 'Backup', budgetMyst: '0.5', spentMyst: '0', leftMyst: '0.5', socksPort: 14_101 },
        { proposals: [{ country: 'DE', pricePerUnitMyst: '1' }] },
        { state: 'connecting', provider: ids.DE },
        { state: 'connected', provider: ids.DE, proxy: 'socks5h://127.0.0.1:14101' },
        { text: SELLERS.DE.exit },
      ])
      expect(await programs()).toMatchObject({ Backup: { state: 'disconnected' } })
    })
  },
)
