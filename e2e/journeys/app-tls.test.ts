import { createHash, X509Certificate } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSelfSigned } from '../../src-main/node/lib/self-signed.ts'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import { findChromium, openBrowser } from '../lab/browser.ts'
import { createLab, type Lab } from '../lab/lab.ts'
import { type OpenedApp, openApp } from '../pages/open-app.ts'

/* A server's owner runs her node there, and has its page in the browser of another machine. */

const MYST = fileURLToPath(new URL('../../scripts/myst.mjs', import.meta.url))
const PASSPHRASE = 'four quiet rivers under glass'
const SOON_MS = 20_000
/** Of the host `provider`, and a web server elsewhere. */
const SERVER = '203.0.113.10'
const ELSEWHERE = 'http://198.51.100.200'
const ORIGIN = 'https://node.example:8443'
/** The attacker's name leads to the same address, as after a rebinding. */
const NAMES = `--host-resolver-rules=MAP node.example ${SERVER}, MAP evil.example ${SERVER}`

const runs = whyNoHosts() === undefined && findChromium() !== undefined

describe.skipIf(!runs)('the app in the browser of another machine [needs root chromium]', () => {
  let lab: Lab
  let me: OpenedApp
  let fingerprint = ''

  const myst = (home: string, ...args: string[]) =>
    lab.start('provider', process.execPath, [MYST, '--home', lab.homeDir(home), '--json', ...args], {
      MYST_PASSPHRASE: PASSPHRASE,
      XDG_DATA_HOME: lab.dir,
    })
  const startApp = (home: string, ...options: string[]) =>
    myst(home, 'app', ...options).until('its page', (line) => line.event === 'app', SOON_MS)
  /** Takes this key's certificates and no others, as after a person compared the fingerprint. */
  const browserThatTrusts = (certificate: string) => {
    const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
    const pinned = createHash('sha256').update(key).digest('base64')
    return {
      namespace: lab.hosts.host('consumer').namespace,
      switches: [NAMES, `--ignore-certificate-errors-spki-list=${pinned}`],
    }
  }
  const secretOf = (page: Page) => page.evaluate(() => localStorage.getItem('myst.secret') ?? '')

  beforeAll(async () => {
    lab = await createLab()
    const started = await startApp('self', '--listen', `${SERVER}:8443`, '--name', 'node.example')
    expect(started.address).toBe(ORIGIN)
    fingerprint = String(started.fingerprint)
    const made = readFileSync(join(lab.homeDir('self'), 'page-certificate.pem'), 'utf8')
    me = await openApp(`${ORIGIN}/#token=${started.token}`, browserThatTrusts(made))
    await me.app.setup.lookAround.click()
  })
  afterAll(async () => {
    await me?.close()
    await lab?.dispose()
  })

  it('works over TLS, by the certificate whose fingerprint the node printed', async () => {
    await me.app.goTo('settings')
    expect((await myst('self', 'settings', 'set', 'allow-local-network', 'on').exited).code).toBe(0)
    await me.page.getByRole('main').getByRole('switch', { name: 'Local network', checked: true }).waitFor()
    const network = await me.page.context().newCDPSession(me.page)
    await network.send('Network.enable')
    await me.page.reload()
    await me.page.getByRole('main').getByRole('switch', { name: 'Local network', checked: true }).waitFor()
    const { tableNames } = await network.send('Network.getCertificate', { origin: ORIGIN })
    const bytes = Buffer.from(tableNames[0] ?? '', 'base64')
    expect(new X509Certificate(bytes).fingerprint256).toBe(fingerprint)
    expect(me.problems()).toEqual([])
  })

  it('is not opened by a browser that was not told of the certificate, nor without TLS', async () => {
    const other = await openBrowser({ namespace: lab.hosts.host('consumer').namespace, switches: [NAMES] })
    const goTo = async (address: string) => {
      const page = await other.context.newPage()
      return page.goto(address).then(
        (answer) => answer?.status(),
        (error: Error) => /net::(\w+)/.exec(error.message)?.[1],
      )
    }
    try {
      expect(await goTo(ORIGIN)).toBe('ERR_CERT_AUTHORITY_INVALID')
      expect(await goTo(ORIGIN.replace('https', 'http'))).toMatch(/^ERR_(?:EMPTY|INVALID_HTTP)_RESPONSE$/)
      expect(await goTo(`${ELSEWHERE}/ip`)).toBe(200)
    } finally {
      await other.close()
    }
  })

  it('gives nothing to a name that was rebound to the node’s address, even with the page’s secret', async () => {
    const secret = await secretOf(me.page)
    const ask = (page: Page) =>
      page.evaluate(async (secret) => {
        const headers = { authorization: `Bearer ${secret}` }
        const answer = await fetch('/api/command/state.get', { method: 'POST', headers, body: '{}' })
        return [location.host, answer.status, (await answer.text()).length > 0]
      }, secret)
    const page = await me.page.context().newPage()
    // What the attacker's own server said, before the name led to the node.
    await page.route('https://evil.example:8443/', (route) => route.fulfill({ body: 'hello' }))
    await page.goto('https://evil.example:8443/')
    expect(await ask(page)).toEqual(['evil.example:8443', 403, false])
    expect(await ask(me.page)).toEqual(['node.example:8443', 200, true])
    await page.close()
  })

  it('gives nothing to a page from elsewhere, even with the page’s secret', async () => {
    const secret = await secretOf(me.page)
    const page = await me.page.context().newPage()
    await page.goto(`${ELSEWHERE}/ip`)
    const network = await page.context().newCDPSession(page)
    await network.send('Network.enable')
    // Of what the browser keeps from the page too. It asks elsewhere for a picture of the site as well.
    const asked = new Set<string>()
    network.on('Network.requestWillBeSent', ({ requestId, request }) => {
      if (request.url.startsWith(ORIGIN)) asked.add(requestId)
    })
    const posted = new Promise<number>((resolve) => {
      network.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
        if (asked.has(requestId)) resolve(statusCode)
      })
    })
    await page.evaluate(
      (address) => fetch(address, { method: 'POST', mode: 'no-cors', body: '{}' }).catch(() => undefined),
      `${ORIGIN}/api/login`,
    )
    expect(await posted).toBe(403)
    const read = (page: Page) =>
      page.evaluate(
        ([address, secret]) =>
          fetch(`${address}/api/command/state.get`, {
            method: 'POST',
            headers: { authorization: `Bearer ${secret}` },
            body: '{}',
          }).then(
            (answer) => answer.status,
            () => 'refused',
          ),
        [ORIGIN, secret] as const,
      )
    const socket = async (page: Page) => {
      const asked = page.waitForEvent('websocket')
      const heard = page.evaluate(
        ([address, secret]) =>
          new Promise<string>((resolve) => {
            const opened = new WebSocket(`${address.replace('https', 'wss')}/api/state`, ['myst', secret])
            opened.onmessage = () => resolve('state')
            opened.onerror = () => resolve('refused')
          }),
        [ORIGIN, secret] as const,
      )
      const why = new Promise<string>((resolve) => void asked.then((one) => one.once('socketerror', resolve)))
      return { heard: await heard, why }
    }
    expect(await read(page)).toBe('refused')
    const foreign = await socket(page)
    expect([foreign.heard, await foreign.why]).toEqual(['refused', expect.stringContaining('403')])
    await page.close()

    expect(await read(me.page)).toBe(200)
    expect((await socket(me.page)).heard).toBe('state')
  })

  describe('with the owner’s certificate', () => {
    const DAY_MS = 86_400_000
    let files: string[]
    let own: { certificate: string; privateKey: string }
    const put = async (notAfterMs: number) => {
      const server = [{ type: 'dns', value: 'node.example' } as const]
      const notBefore = new Date(Date.now() - 2 * DAY_MS)
      own = await createSelfSigned({ subject: 'CN=node.example', notBefore, notAfter: new Date(notAfterMs), server })
      const [certificate, key] = [join(lab.dir, 'own.crt'), join(lab.dir, 'own.key')]
      writeFileSync(certificate, own.certificate)
      writeFileSync(key, own.privateKey, { mode: 0o600 })
      files = ['--tls-cert', certificate, '--tls-key', key]
    }

    it('is there by its name, and locked when nobody does anything', async () => {
      await put(Date.now() + DAY_MS)
      expect((await myst('owned', 'identity', 'new').exited).code).toBe(0)
      const started = await startApp('owned', '--listen', '0.0.0.0:8444', ...files, '--lock-after', '0.1')
      expect(started).toEqual({ event: 'app', address: 'https://node.example:8444', token: started.token })
      const { app, page, close } = await openApp(
        `${started.address}/#token=${started.token}`,
        browserThatTrusts(own.certificate),
      )
      try {
        await page.getByRole('heading', { name: 'This page is locked' }).waitFor({ timeout: SOON_MS })
        expect(await app.navigation.count()).toBe(0)
        await app.unlock.unlock('four quiet rivers under grass')
        await app.unlock.error.filter({ hasText: 'passphrase' }).waitFor()
        await app.unlock.unlock(PASSPHRASE)
        await app.navigation.waitFor()
      } finally {
        await close()
      }
    })

    it('is refused in one sentence when others can read the key, or it is over', async () => {
      const refused = async (port: number) => {
        const { code, stderr } = await myst('refused', 'app', '--listen', `${SERVER}:${port}`, ...files).exited
        return [code, JSON.parse(stderr)]
      }
      await put(Date.now() + DAY_MS)
      const key = files[3] ?? ''
      chmodSync(key, 0o644)
      const open = {
        name: 'KeyFileUnsafe',
        message: `Other users of this computer can open ${key}; run: chmod 600 ${key}`,
      }
      expect(await refused(8445)).toEqual([1, { error: { ...open, details: {} } }])
      chmodSync(key, 0o600)
      const ended = new Date(Date.now() - DAY_MS)
      await put(ended.getTime())
      const over = `The certificate ${files[1]} ended on ${ended.toISOString().slice(0, 10)}; get a new one.`
      expect(await refused(8445)).toEqual([1, { error: { name: 'CertificateUnusable', message: over, details: {} } }])
      await put(Date.now() + DAY_MS)
      expect(await startApp('refused', '--listen', `${SERVER}:8445`, ...files)).toMatchObject({ event: 'app' })
    })
  })
})
