import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { AppState } from '#shared/contract/state.ts'
import { decode, encode } from '#shared/contract/wire.ts'
import { nowhereNetwork } from './nowhere.ts'
import { buildShell, CAN_RUN, PROGRAM, ROOT, startDouble } from './shell.ts'

type PageWindow = Window & { myst: { command(name: string, input: string): Promise<string> } }

// What the system does to an app (starts it hidden and twice, hands it links, ends its renderer, signs it up for the
// start) can be brought about through the double only.
describe.skipIf(!CAN_RUN || PROGRAM !== undefined)(
  'the life of the desktop app [needs chromium, without electron]',
  () => {
    const provider = `0x${'ab'.repeat(20)}`
    let home: string
    let started: Awaited<ReturnType<typeof startDouble>>

    beforeAll(async () => {
      await buildShell()
      home = mkdtempSync(join(tmpdir(), 'myst-life-'))
      vi.stubEnv('XDG_CONFIG_HOME', join(home, 'config'))
      started = await startDouble({ home: join(home, 'node'), network: nowhereNetwork(home), hidden: '' })
      await vi.waitUntil(() => started.double.trayItems().length > 0, { timeout: 30_000 })
    })
    afterAll(async () => {
      await started?.dispose()
      vi.unstubAllEnvs()
      rmSync(home, { recursive: true, force: true })
    })

    const windows = () => started.double.windows.filter(({ state }) => state !== 'destroyed')
    async function page(): Promise<Page> {
      const shown = await vi.waitUntil(() => windows()[0]?.page, { timeout: 30_000 })
      await shown.waitForFunction(() => (document.querySelector('#root')?.textContent ?? '').length > 20)
      return shown
    }
    const command = async (name: string, input: object = {}) => {
      const text = await (await page()).evaluate(([n, i]) => (window as unknown as PageWindow).myst.command(n, i), [
        name,
        encode(input),
      ] as const)
      return decode(text) as { ok?: unknown; error?: { name: string } }
    }
    const connection = async () => ((await command('state.get')).ok as AppState).connection

    test('started with the computer it is in the tray, without a window', () => {
      expect(started.double.windows).toEqual([])
      expect(started.double.trayItems().length).toBeGreaterThan(3)
    })

    test('a second start opens the window of the first', async () => {
      started.double.secondInstance('/opt/Mysterium/mysterium')
      expect(await (await page()).title()).toMatch(/Mysterium/)
      expect(windows()).toHaveLength(1)
      expect(windows()[0]?.options).toMatchObject({ minWidth: 420, minHeight: 640 })
    })

    test('the API of programs opens and closes with its setting', async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as { port: number }
      const document = () => fetch(`http://127.0.0.1:${port}/v1/openapi.json`).then(({ status }) => status, String)
      const api = async () => ((await command('state.get')).ok as AppState).api
      await command('settings.set', { programsApi: true, programsApiPort: port })
      // Taken: it says so, and the app goes on.
      await vi.waitUntil(async () => (await api()).problem !== undefined)
      server.close()
      await once(server, 'close')
      await command('settings.set', { programsApi: false })
      await command('settings.set', { programsApi: true })
      await vi.waitUntil(async () => (await api()).address === `http://127.0.0.1:${port}`)
      expect(await document()).toBe(200)
      await command('settings.set', { programsApi: false })
      await vi.waitUntil(async () => (await api()).address === undefined)
      expect(await document()).toMatch(/fetch failed/)
    })

    test('closing the window hides it, and the tray brings the same one back', async () => {
      const [window] = windows()
      window?.close()
      expect(window?.state).toBe('hidden')
      started.double
        .trayItems()
        .find(({ label }) => label === 'Open Mysterium')
        ?.click()
      expect(window?.state).toBe('shown')
      expect(started.double.windows).toHaveLength(1)
    })

    test('a link leads to its offer, and connects nobody', async () => {
      started.double.secondInstance('/opt/Mysterium/mysterium', '--', `myst://offer/${provider}/7`)
      const shown = await page()
      await shown.waitForURL(`**/index.html#/connect/${provider}/7`)
      await shown.getByText('The offer of this link is not announced on this network').waitFor()
      expect((await connection()).name).toBe('disconnected')
      await shown.getByRole('button', { name: 'Dismiss' }).click()
      await shown.waitForURL('**/index.html#/connect')
      // macOS says it its own way.
      expect(started.double.openUrl(`myst://offer/${provider}/8`)).toBe(true)
      await shown.waitForURL(`**/index.html#/connect/${provider}/8`)
      expect((await connection()).name).toBe('disconnected')
    })

    test.each([
      `myst://offer/${provider}/7?connect=1`,
      `myst://connect/${provider}/7`,
      'myst://offer/../../etc/passwd',
      'myst://offer/<img src=x onerror=alert(1)>/1',
      'javascript:alert(1)',
      'file:///etc/passwd',
      'https://mysterium.example/',
    ])('a link that is none of ours only shows the window: %s', async (link) => {
      const shown = await page()
      const before = shown.url()
      windows()[0]?.close()
      started.double.secondInstance('/opt/Mysterium/mysterium', link)
      expect(windows()[0]?.state).toBe('shown')
      windows()[0]?.close()
      started.double.openUrl(link)
      expect(windows()[0]?.state).toBe('shown')
      expect(shown.url()).toBe(before)
      expect((await connection()).name).toBe('disconnected')
    })

    test('the page signs the app up for the start of the computer, and off', async () => {
      const file = join(home, 'config', 'autostart', 'mysterium.desktop')
      const isOn = async () => ((await command('state.get')).ok as AppState).shell?.startWithComputer
      expect([await isOn(), existsSync(file)]).toEqual([false, false])
      expect(await command('shell.set', { startWithComputer: true })).toEqual({ ok: null })
      expect(await isOn()).toBe(true)
      expect(readFileSync(file, 'utf8')).toContain(`"--home=${join(home, 'node')}" "--hidden"`)
      await command('shell.set', { startWithComputer: false })
      expect([await isOn(), existsSync(file)]).toEqual([false, false])
      expect(await command('shell.set', { startWithComputer: 'yes' })).toMatchObject({
        error: { name: 'InvalidInput' },
      })
      // Where no feed is configured nobody is asked for updates.
      expect(await command('shell.update', { step: 'check' })).toMatchObject({ error: { name: 'NoUpdateFeed' } })
    })

    test('the tray speaks the language of the settings', async () => {
      const labels = () => started.double.trayItems().map(({ label }) => label)
      expect(labels()).toContain('Open Mysterium')
      await command('settings.set', { language: 'de' })
      expect(labels()).toContain('Mysterium öffnen')
      await command('settings.set', { language: 'auto' })
      expect(labels()).toContain('Open Mysterium')
    })

    test('window, tray and command line agree', async () => {
      const myst = async (...words: string[]) => {
        const program = [join(ROOT, 'scripts/myst.mjs'), '--home', join(home, 'node'), '--json', 'settings', ...words]
        const { stdout } = await promisify(execFile)(process.execPath, program)
        return stdout
      }
      const shown = await page()
      const tray = () => started.double.trayItems().map(({ label }) => label)
      await myst('set', 'language', 'de')
      await vi.waitUntil(() => tray().includes('Mysterium öffnen'), { timeout: 10_000 })
      await shown.locator('html[lang=de], html[lang^="de-"]').waitFor()
      await command('settings.set', { language: 'en' })
      expect(tray()).toContain('Open Mysterium')
      await shown.locator('html[lang=en], html[lang^="en-"]').waitFor()
      expect(await myst()).toContain('"setting":"language","value":"en"')
      await command('settings.set', { language: 'auto' })
    })

    test('a crashed renderer comes back, the node did not notice; a crash again and again ends in words', async () => {
      const crash = async () => {
        const shown = await page()
        const [window] = windows()
        const session = await started.context.newCDPSession(shown)
        void session.send('Page.crash').catch(() => undefined)
        await vi.waitUntil(() => window?.state === 'destroyed', { timeout: 30_000 })
      }
      const identities = async () => ((await command('state.get')).ok as AppState).identity
      await command('identity.create', { passphrase: 'a long enough passphrase for a test' })
      const before = await identities()
      expect(before).toMatchObject({ unlocked: true })
      await crash()
      expect(await identities()).toEqual(before)
      expect(windows()[0]?.state).toBe('shown')
      await crash()
      expect(await identities()).toEqual(before)
      expect(started.double.dialogs).toEqual([])
      await crash()
      expect(windows()).toEqual([])
      expect(started.double.dialogs.join()).toMatch(/ended several times/)
      // The node is there all the time, and a person gets a window when she asks for one.
      started.double.secondInstance('/opt/Mysterium/mysterium')
      expect(await identities()).toEqual(before)
    })

    test('a window that is hidden when its renderer ends comes back hidden', async () => {
      const shown = await page()
      windows()[0]?.close()
      const gone = started.double.windows.length
      const session = await started.context.newCDPSession(shown)
      void session.send('Page.crash').catch(() => undefined)
      await vi.waitUntil(() => started.double.windows.length > gone, { timeout: 30_000 })
      await page()
      expect(windows()[0]?.state).toBe('hidden')
    })

    test('quits without a question when nothing stops', async () => {
      const asked = started.double.dialogs.length
      started.double.quit()
      expect(await started.double.exited).toBe(0)
      expect(started.double.dialogs).toHaveLength(asked)
    })
  },
)
