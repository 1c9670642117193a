import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AppState } from '#shared/contract/state.ts'
import { decode } from '#shared/contract/wire.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import { MYST } from '#shared/model/units.ts'
import { baseState, connectedState, proposal } from '../../src-main/desktop/fixtures.ts'
import { openMadeNode } from './made-node.ts'
import { buildShell, CHROMIUM } from './shell.ts'

/** Each would do something, if the page took it for anything but text. `pwned` tells the test. */
const PAYLOADS: [string, string][] = [
  ['a script', '<script>pwned("script")</script>'],
  ['a picture that fails', '<img src=x onerror=pwned("img")>'],
  ['a picture from outside', '<img src="https://evil.example/pixel.png">'],
  ['a drawing that loads', '<svg onload=pwned("svg")><animate onbegin=pwned("animate") attributeName=x dur=1s>'],
  ['a way out of an attribute', '"\'><iframe srcdoc="<script>parent.pwned(1)</script>"></iframe>'],
  ['an address that runs', 'javascript:pwned("address")'],
  ['data as an address', 'data:text/html,<script>pwned(1)</script>'],
  ['style', '</style><style>*{display:none}</style>@import url(https://evil.example/x.css);'],
  [
    'a page of its own',
    '<meta http-equiv=refresh content="0;url=https://evil.example/"><base href=https://evil.example>',
  ],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant to be one.
  ['templates', '{{constructor.constructor("pwned(1)")()}} ${pwned(1)} #{pwned(1)} <%= pwned(1) %> {pwned(1)}'],
  ['a prototype', '__proto__'],
  ['a tagged value', '{"$bigint":"1"}'],
  ['another direction', 'pay \u202e0.1 TSYM\u2066 \u2067now\u200f'],
  ['no width', 'Myst\u200b\u200d\ufeff\u2060erium'],
  ['escape sequences', '\u001b[31mred\u001b[0m\u001b]0;title\u0007\u0000\u0008'],
  ['ten thousand characters', `W${'x'.repeat(10_000)}`],
  ['ten thousand marks on one letter', `Z${'\u0335'.repeat(10_000)}`],
]

/** What code branches on; every other text is whatever a stranger, or a node that lies, wants it to be. */
const KEPT = new Set(
  (
    'name state step unit serviceType type what chain broker registration kind reason end direction role services ' +
    'connectOnStart clearing resolver language'
  ).split(' '),
)
function poison(value: unknown, payload: string, key = ''): unknown {
  if (typeof value === 'string') return KEPT.has(key) ? value : payload
  if (Array.isArray(value)) return value.map((one) => poison(one, payload, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, poison(one, payload, name)]))
}

const me = `0x${'cd'.repeat(20)}` as const
const progress = { proposal, step: 'reach-provider' as const, startedAtMs: 0, steps: [] }
const metering = { cost: MYST, bytesUp: 1n, bytesDown: 1n, durationMs: 1 }
const served = { sessionId: 'served', consumer: me, serial: 1, serviceType: 'socks' as const, startedAtMs: 0 }
const full: AppState = {
  ...baseState,
  network: { ...baseState.network, message: 'x' },
  identity: {
    all: [{ id: me, backedUp: true }],
    active: me,
    unlocked: true,
    registration: 'registered',
    gasAddress: me,
  },
  wallet: {
    ...{ ...baseState.wallet, balance: MYST, gas: MYST, receivable: MYST },
    withdrawal: { amount: MYST, to: me, executableAtMs: 0 },
    transaction: { what: 'clear', state: 'failed', hash: 'x', message: 'x' },
  },
  share: {
    ...baseState.share,
    ...{ state: 'on', message: 'x', sessions: [{ ...served, metering, leftover: 1n }] },
    services: [{ type: 'socks', serial: 1, state: 'failed', message: 'x' }],
    terms: {
      ...{ services: ['socks'], pricePerUnit: 1n, unit: 'GiB', country: 'NL', bandwidthMbps: 1, maxSessions: 1 },
      hours: 'x',
    },
  },
  settings: { ...baseState.settings, problems: { lockdown: 'x', resolver: 'x', connectOnStart: 'x' } },
  shell: { startWithComputer: false, update: { name: 'failed', message: 'x' } },
  capabilities: { openvpn: { available: false, message: 'x' }, socks: { available: true, message: 'x' } },
}
const CONNECTIONS: ConnectionState[] = [
  { name: 'disconnected', last: { message: 'x', paid: MYST, step: 'open-session' } },
  { name: 'connecting', ...progress },
  connectedState.connection,
  { name: 'reconnecting', lost: 'x', sinceMs: 0, attempt: 1, atMost: 6, isBlocked: true, ...progress },
  { name: 'blocked', why: 'x', sinceMs: 0, paid: 0n },
]
const offer = {
  ...{ ...proposal, contacts: [{ channel: 'x', address: 'x' }], blockNumber: 1, expiresAtBlock: 9, preferred: true },
  ...{ own: false, experience: { sessions: 1, failures: 1 } },
}
const record = {
  ...{ chainId: 1, paymentAccounts: 'x', sessionId: 'x', provider: 'x', consumer: 'x', serviceType: 'openvpn' },
  ...{ offerSerial: 1, unit: 'GiB', pricePerUnit: 1n, startedAtMs: 0, endedAtMs: 1, end: 'provider-closed' },
  ...{ ...metering, promiseSerial: 1n, promiseAmount: 1n },
}
const ANSWERS: Record<string, unknown> = {
  'proposals.query': [offer],
  'wallet.history': [{ kind: 'paid', amount: 1n, counterparty: 'x', blockNumber: 1, transaction: 'x' }],
  'wallet.quote': { gas: 1n, maxGas: 1n, gasAvailable: 1n, fee: 0n, amount: 1n, problem: 'x' },
  'sessions.list': [
    {
      ...{ ...served, role: 'consumer', peer: me, metering, end: 'provider-closed', endedAtMs: 1 },
      signed: { alone: { content: record, consumerSignature: 'x' } },
    },
  ],
  'promises.list': [
    { direction: 'received', peer: me, serial: 1n, amount: 1n, state: 'open', updatedAtMs: 0, signature: '0x' },
  ],
  'promises.risk': [],
  'network.file': {
    ...{ name: 'x', chainId: 1, rpc: ['x'], startBlock: 0, brokers: ['x'], probes: ['x'], local: false },
    contracts: { token: 'x', identityRegistry: 'x', serviceDirectory: 'x', paymentAccounts: 'x' },
  },
}

describe.skipIf(!existsSync(CHROMIUM))('what strangers write, on the page as it is built [needs chromium]', () => {
  let browser: Browser
  let page: Page
  let payload = 'x'
  let fails = false
  let made: Awaited<ReturnType<typeof openMadeNode>>
  const pwned: string[] = []
  const broken: string[] = []

  beforeAll(async () => {
    await buildShell()
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
    // The narrowest window there is.
    page = await browser.newPage({ viewport: { width: 420, height: 640 } })
    page.on('pageerror', (error) => broken.push(error.message))
    await page.exposeFunction('pwned', (how: string) => void pwned.push(how))
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective }) =>
        (window as unknown as { pwned(how: string): void }).pwned(`the policy had to help: ${violatedDirective}`),
      )
    })
    made = await openMadeNode(page, (name) => {
      if (fails) throw new Error(payload)
      return poison(ANSWERS[name] ?? null, payload)
    })
  })
  afterAll(() => browser?.close())

  /** Elements and attributes that the page itself never makes. */
  const foreign = () =>
    page.evaluate(() => {
      const made = document.querySelectorAll(
        'iframe,object,embed,base,meta[http-equiv],script:not([src]),style:not([nonce]) ~ script:not([src]),animate,form[action]',
      )
      const attributes = [...document.querySelectorAll('*')].flatMap((element) =>
        [...element.attributes].filter(
          ({ name, value }) =>
            name.startsWith('on') ||
            (['href', 'src', 'action', 'srcdoc'].includes(name) &&
              /^\s*(?:javascript|data:text|https?:\/\/evil)/i.test(value)),
        ),
      )
      return [
        ...[...made].map(({ outerHTML }) => outerHTML),
        ...attributes.map(({ name, value }) => `${name}=${value}`),
      ]
    })
  const settled = () =>
    page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))))

  const SCREENS: [string, AppState][] = [
    ...CONNECTIONS.map((connection): [string, AppState] => ['#/connect', { ...full, connection }]),
    ...['share', 'wallet', 'activity', 'settings'].map((name): [string, AppState] => [`#/${name}`, full]),
  ]

  test('the test would notice: what the page takes for markup does run', async () => {
    await made.show(full, '#/connect')
    await page.getByRole('heading', { name: 'Connect' }).first().waitFor()
    await page.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<p id=hole><img src=x onerror=pwned("img")><iframe></iframe></p>')
    })
    await expect.poll(() => pwned.join()).toMatch(/script-src/)
    expect((await foreign()).length).toBeGreaterThan(1)
    await page.evaluate(() => document.querySelector('#hole')?.remove())
    pwned.length = 0
  })

  test.each(PAYLOADS)('%s is text, in every field and on every screen', async (_what, text) => {
    payload = text
    broken.length = 0
    const shown: string[] = []
    for (fails of [false, true]) {
      for (const [hash, state] of SCREENS) {
        await made.show(poison(state, text) as AppState, hash)
        await settled()
        shown.push(await page.evaluate(() => document.querySelector('#root')?.textContent ?? ''))
        expect([hash, state.connection.name, await foreign()]).toEqual([hash, state.connection.name, []])
        const [wide, wider] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth])
        expect([hash, state.connection.name, wider]).toEqual([hash, state.connection.name, wide])
      }
    }
    expect({ pwned, outside: made.outside, broken }).toEqual({ pwned: [], outside: [], broken: [] })
    // It was there, as text, and nothing that turns what stands beside it.
    const seen = text.replaceAll(/\p{Cf}/gu, '').slice(0, 30)
    expect(shown.some((all) => all.includes(seen))).toBe(true)
    expect(shown.every((all) => all.length > 100 && !/\p{Cf}|This page stumbled/u.test(all))).toBe(true)
  })

  test('an offer that a link leads to is asked about, and connected to only after a yes', async () => {
    payload = 'x'
    fails = false
    const provider = proposal.provider
    made.asked.length = 0
    const real = { ...baseState, identity: full.identity, wallet: full.wallet }
    ANSWERS['proposals.query'] = [offer]
    const ask = (name: string) => made.asked.filter((one) => one.name === name).map(({ input }) => decode(input))
    await made.show(real, `#/connect/${provider}/1`)
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    expect(ask('proposals.query')).toContainEqual({ provider, serial: 1 })
    expect(ask('connection.connect')).toEqual([])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(page.url()).toMatch(/#\/connect$/)
    expect(ask('connection.connect')).toEqual([])
    await made.show(real, `#/connect/${provider}/1`)
    await dialog.getByRole('button', { name: 'Connect' }).click()
    await expect.poll(() => ask('connection.connect')).toMatchObject([{ serviceType: 'socks', serial: 1 }])
  })
})
