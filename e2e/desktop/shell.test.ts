import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AppState } from '#shared/contract/state.ts'
import { decode, encode } from '#shared/contract/wire.ts'
import { nowhereNetwork } from './nowhere.ts'
import { buildShell, CAN_RUN, openShell, PROGRAM, type Shell } from './shell.ts'

type Door = {
  command(name: string, input: string): Promise<string>
  onState(listener: (message: string) => void): () => void
}
type PageWindow = Window & { myst: Door; seen: string[]; violations: string[] }

const which = PROGRAM ? 'in Electron' : "in Chromium behind a double of Electron's API"
console.log(`The desktop shell is tested ${which}.`)

describe.skipIf(!CAN_RUN)(`the desktop shell ${which} [needs chromium]`, () => {
  let shell: Shell
  let home: string
  const asked: string[] = []
  /** A server that a page with a hole would reach. */
  const outside = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(200, { 'access-control-allow-origin': '*' }).end('reached')
  })
  let outsideUrl: string

  beforeAll(async () => {
    await buildShell()
    await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve))
    outsideUrl = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`
    home = mkdtempSync(join(tmpdir(), 'myst-desktop-'))
    const network = nowhereNetwork(home)
    shell = await openShell({ home: join(home, 'node'), network })
    await shell.page.evaluate(() => {
      const here = window as unknown as PageWindow
      here.violations = []
      document.addEventListener('securitypolicyviolation', ({ violatedDirective }) =>
        here.violations.push(violatedDirective),
      )
    })
  })
  afterAll(async () => {
    await shell?.dispose()
    outside.close()
    rmSync(home, { recursive: true, force: true })
  })

  const command = (name: string, input: string) =>
    shell.page.evaluate(([n, i]) => (window as unknown as PageWindow).myst.command(n, i), [name, input] as const)
  const violations = () => shell.page.evaluate(() => (window as unknown as PageWindow).violations)

  test('the window shows the app', async () => {
    expect(shell.page.url().split('#')[0]).toBe(shell.pageUrl)
    expect(await shell.page.title()).toMatch(/Mysterium/)
    await shell.page.waitForFunction(() => (document.querySelector('#root')?.textContent ?? '').length > 20)
    expect(await violations()).toEqual([])
  })

  test('the window has every protection that Electron offers, and nothing besides', () => {
    const { double } = shell
    if (!double) return // Electron does not tell which preferences a window was made with.
    const { preload, ...preferences } = double.windows[0]?.options.webPreferences ?? {}
    expect(preload).toMatch(/out\/preload\/index\.cjs$/)
    expect(preferences).toEqual({
      ...{ sandbox: true, contextIsolation: true, webSecurity: true },
      ...{ nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false },
      ...{ webviewTag: false, navigateOnDragDrop: false, spellcheck: false },
    })
    expect(double.isSandboxed()).toBe(true)
    expect(double.windows[0]?.webContents.webRtcPolicy).toBe('disable_non_proxied_udp')
    expect(double.proxy()).toMatchObject({ mode: 'fixed_servers', proxyBypassRules: '<-loopback>' })
  })

  test('the page offers to remember a passphrase where there is a keychain', async () => {
    await shell.page.evaluate(() => {
      location.hash = '#/setup'
    })
    await shell.page.getByRole('heading', { name: 'Make your identity' }).waitFor()
    const { ok: state } = decode(await command('state.get', '{}')) as { ok: AppState }
    const offered = await shell.page.getByLabel('Unlock when the app starts.').count()
    expect(offered).toBe(state.identity.keychain ? 1 : 0)
    if (shell.double) expect(offered).toBe(1)
  })

  test('the page has two functions of the node and nothing of Node', async () => {
    expect(
      await shell.page.evaluate(() => ({
        door: Object.keys((window as unknown as PageWindow).myst).sort(),
        node: ['require', 'process', 'module', 'Buffer', 'global'].filter((name) => name in window),
      })),
    ).toEqual({ door: ['command', 'onState'], node: [] })
  })

  test('a command crosses, its answer and its refusals come back whole', async () => {
    expect(decode(await command('state.get', '{}'))).toMatchObject({ ok: { network: { name: 'nowhere' } } })
    expect(decode(await command('no.such', '{}'))).toMatchObject({ error: { name: 'UnknownCommand' } })
    expect(decode(await command('__proto__', '{}'))).toMatchObject({ error: { name: 'UnknownCommand' } })
    expect(decode(await command('wallet.deposit', encode({ amount: -1n })))).toMatchObject({
      error: { name: 'InvalidInput' },
    })
    expect(decode(await command('wallet.deposit', 'no JSON'))).toMatchObject({ error: { name: 'InvalidInput' } })
    await expect(command('state.get', 'x'.repeat(70_000))).rejects.toThrow()
  })

  test('state comes as a snapshot and then as deltas that follow it', async () => {
    await shell.page.evaluate(() => {
      const here = window as unknown as PageWindow
      here.seen = []
      here.myst.onState((message) => here.seen.push(message))
    })
    const answer = decode(
      await command('identity.create', encode({ passphrase: 'a long enough passphrase for a test' })),
    )
    expect(answer).toMatchObject({ ok: { id: expect.stringMatching(/^0x[0-9a-f]{40}$/) } })
    await shell.page.waitForFunction(() =>
      (window as unknown as PageWindow).seen.some((text) => text.includes('"all":[{')),
    )
    // Making a key takes longer than a beat on a busy machine; a beat has the number of the change before it.
    const messages = (await shell.page.evaluate(() => (window as unknown as PageWindow).seen))
      .map((text) => decode(text) as { kind: string; number: number })
      .filter(({ kind }) => kind !== 'beat')
    expect(messages[0]?.kind).toBe('snapshot')
    expect(messages.slice(1).every(({ kind }) => kind === 'delta')).toBe(true)
    expect(messages.map(({ number }) => number)).toEqual(messages.map((_, index) => (messages[0]?.number ?? 0) + index))
  })

  test('a passphrase is remembered when that is asked for, sealed, and forgotten from the tray', async () => {
    const file = join(home, 'node', 'remembered-unlock.json')
    const { ok: state } = decode(await command('state.get', '{}')) as { ok: AppState }
    const { active, keychain } = state.identity
    // Where this machine has no keychain, real Electron says so, and the page offers nothing.
    const passphrase = 'a long enough passphrase for a test'
    const unlock = () => command('identity.unlock', encode({ id: active, passphrase, remember: true }))
    if (!keychain) {
      expect(decode(await unlock())).toMatchObject({ error: { name: 'KeychainUnavailable' } })
      expect(existsSync(file)).toBe(false)
      return
    }
    expect(decode(await unlock())).toEqual({ ok: { id: active } })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).not.toContain(passphrase)
    await shell.clickTray('Forget my passphrase')
    await expect.poll(() => existsSync(file)).toBe(false)
  })

  test('the policy blocks every way to a network', async () => {
    const outcome = await shell.page.evaluate(async (url) => {
      const failed = (work: Promise<unknown>) =>
        work.then(
          () => 'reached',
          () => 'blocked',
        )
      const loads = (element: HTMLElement) =>
        new Promise((resolve) => {
          element.onload = () => resolve('reached')
          element.onerror = () => resolve('blocked')
          document.body.append(element)
        })
      const make = (tag: 'img' | 'script' | 'link', fields: object) =>
        loads(Object.assign(document.createElement(tag), fields))
      const socket = new Promise((resolve) => {
        try {
          const opened = new WebSocket(url.replace('http', 'ws'))
          opened.onopen = () => resolve('reached')
          opened.onerror = () => resolve('blocked')
        } catch {
          resolve('blocked')
        }
      })
      return {
        fetch: await failed(fetch(`${url}/fetch`)),
        ownFetch: await failed(fetch('/index.html')),
        image: await make('img', { src: `${url}/image` }),
        script: await make('script', { src: `${url}/script` }),
        style: await make('link', { rel: 'stylesheet', href: `${url}/style` }),
        socket: await socket,
      }
    }, outsideUrl)
    expect(new Set(Object.values(outcome))).toEqual(new Set(['blocked']))
    expect(await violations()).toEqual(expect.arrayContaining(['connect-src', 'img-src', 'script-src-elem']))
    expect(asked).toEqual([])
  })

  test('the policy blocks inline script, handlers and eval', async () => {
    const ran = await shell.page.evaluate(async () => {
      const here = window as unknown as { ran?: string[] }
      here.ran = []
      const script = document.createElement('script')
      script.textContent = 'window.ran.push("inline")'
      document.body.append(script)
      const button = document.createElement('button')
      button.setAttribute('onclick', 'window.ran.push("handler")')
      document.body.append(button)
      button.click()
      button.remove()
      // Compiled when it is due, in a task of its own: what a test evaluates directly may eval.
      setTimeout('window.ran.push("eval")', 0)
      await new Promise<void>((resolve) => {
        const code = document.createElement('a')
        code.href = 'javascript:window.ran.push("address")'
        document.body.append(code)
        code.click()
        code.remove()
        setTimeout(resolve, 50)
      })
      return here.ran
    })
    expect(ran).toEqual([])
  })

  test('the window stays where it is', async () => {
    await shell.page.evaluate((url) => {
      location.href = `${url}/navigation`
    }, outsideUrl)
    await shell.page.evaluate((url) => {
      const form = Object.assign(document.createElement('form'), { action: `${url}/form`, method: 'post' })
      document.body.append(form)
      form.submit()
      form.remove()
    }, outsideUrl)
    expect(await shell.page.evaluate(() => 1 + 1)).toBe(2)
    expect(shell.page.url().split('#')[0]).toBe(shell.pageUrl)
    expect(asked).toEqual([])
    if (shell.double) expect(shell.double.refusedRequests).toContain(`${outsideUrl}/navigation`)
  })

  test('the page may load itself anew, and gets its state again', async () => {
    await Promise.all([shell.page.waitForEvent('load'), shell.page.evaluate(() => location.reload())])
    expect(shell.page.url().split('#')[0]).toBe(shell.pageUrl)
    const first = await shell.page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const stop = (window as unknown as PageWindow).myst.onState((message) => {
            stop()
            resolve(message)
          })
        }),
    )
    expect(decode(first)).toMatchObject({ kind: 'snapshot', state: { network: { name: 'nowhere' } } })
  })

  test('no window opens', async () => {
    await shell.page.evaluate((url) => {
      window.open(`${url}/popup`)
      window.open('/index.html')
    }, outsideUrl)
    await expect.poll(() => shell.windowCount()).toBe(1)
    expect(asked).toEqual([])
    if (shell.double) await expect.poll(() => shell.double?.refusedWindows.length).toBe(2)
  })

  test('a message from another frame is refused', async () => {
    const { double } = shell
    if (!double) return // Electron runs no preload script in a frame, so there is nothing to send with.
    const frame = await shell.page.evaluateHandle(() => document.body.appendChild(document.createElement('iframe')))
    const inner = await frame.asElement()?.contentFrame()
    type Ipc = { __ipc(kind: string, channel: string, ...values: string[]): Promise<string> }
    const ask = () => (window as unknown as Ipc).__ipc('invoke', 'myst:command', 'state.get', '{}')
    expect(decode(await shell.page.evaluate(ask))).toHaveProperty('ok')
    await expect(inner?.evaluate(ask)).rejects.toThrow('Refused')
  })

  test('the session refuses what is not the page itself, and every permission but copying', () => {
    const { double } = shell
    if (!double) return // The same through Electron's own network stack is shown by the policy's tests.
    expect(double.isCancelled('app://mysterium/assets/a.js')).toBe(false)
    for (const url of [
      `${outsideUrl}/`,
      'https://mysterium.example/',
      'file:///etc/passwd',
      'app://mysterium.example/',
      'ws://127.0.0.1/',
    ]) {
      expect(double.isCancelled(url)).toBe(true)
    }
    expect(double.grants('clipboard-sanitized-write')).toBe(true)
    for (const name of ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal'])
      expect(double.grants(name)).toBe(false)
  })

  test('the tray shows the state, and what cannot be done now is not offered', async () => {
    await expect
      .poll(async () => (await shell.tray())[0]?.label, { timeout: 20_000 })
      .toBe('Not connected · the chain does not answer')
    const items = await shell.tray()
    const item = (label: string) => items.find((candidate) => candidate.label === label)
    expect(item('Connect to the best')).toMatchObject({ enabled: false })
    expect(item('Share my bandwidth')).toMatchObject({ enabled: false, checked: false })
    expect(item('Open Mysterium')).toMatchObject({ enabled: true })
    await shell.clickTray('Open Mysterium')
    expect(await shell.windowCount()).toBe(1)
  })

  test('quitting ends the node and leaves the home to others', async () => {
    expect(await shell.quit()).toBe(0)
    const again = await import('../../src-main/node/home.ts')
    const release = await again.acquireHome(join(home, 'node'), 1000)
    expect(release).toBeDefined()
    release?.()
  })
})
