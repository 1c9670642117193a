import { afterEach, describe, expect, test } from 'vitest'
import type { AppState } from '#shared/contract/state.ts'
import { nodeDe } from '#shared/messages/node.de.ts'
import type { ConnectionState, ServedSession } from '#shared/model/session.ts'
import { MYST } from '#shared/model/units.ts'
import { baseState, connectedState, proposal } from './fixtures.ts'
import { notifications, toldAtStart } from './notifications.ts'
import { speak } from './texts.ts'

afterEach(() => speak('en', []))

/** The titles of what each state in turn was worth. */
function titles(first: AppState, ...states: AppState[]): string[][] {
  let told = toldAtStart(first)
  return states.map((state) => {
    const next = notifications(told, state)
    told = next.told
    return next.notes.map(({ title }) => title)
  })
}
const bodies = (first: AppState, then: AppState) =>
  notifications(toldAtStart(first), then).notes.map(({ body }) => body)

const with_ = (connection: ConnectionState, rest: Partial<AppState> = {}): AppState => ({
  ...baseState,
  connection,
  ...rest,
})
const progress = { proposal, step: 'reach-provider' as const, startedAtMs: 0, steps: [] }
const connecting = with_({ name: 'connecting', ...progress })
const reconnecting = (attempt = 1, isBlocked = true) =>
  with_({
    name: 'reconnecting',
    lost: 'The tunnel fell silent.',
    sinceMs: 0,
    attempt,
    atMost: 6,
    isBlocked,
    ...progress,
  })
const disconnecting = with_({ name: 'disconnecting', proposal })
const blocked = with_({ name: 'blocked', why: 'Nobody is left.', sinceMs: 0, paid: 0n })
const lockdown = with_({ name: 'blocked', why: 'Lockdown is on.', sinceMs: 0, paid: 0n, isLockdown: true })
const ended = with_({ name: 'disconnected', last: { message: 'The provider closed.', paid: 0n } })
const live = (change: object, rest: Partial<AppState> = {}): AppState => {
  if (connectedState.connection.name !== 'connected') throw new Error('The fixture is connected.')
  const { connection } = connectedState
  return with_({ ...connection, live: { ...connection.live, ...change } }, rest)
}
const session = (sessionId: string): ServedSession => ({
  sessionId,
  consumer: proposal.provider,
  serial: 1,
  serviceType: 'socks',
  startedAtMs: 0,
  metering: { cost: 0n, bytesUp: 0n, bytesDown: 0n, durationMs: 0 },
  leftover: 0n,
})
const sharing = (...ids: string[]): AppState => ({
  ...baseState,
  share: { ...baseState.share, state: 'on', sessions: ids.map(session) },
})

describe('of the connection', () => {
  test('what is so at the start is no event', () => {
    expect(titles(connectedState, connectedState)).toEqual([[]])
    expect(titles(blocked, blocked)).toEqual([[]])
    expect(titles(sharing('a'), sharing('a'))).toEqual([[]])
  })

  test('connected, once, however often the counters move', () => {
    const moved = live({ bytesDown: 1n })
    expect(titles(baseState, connecting, connectedState, moved, live({ bytesDown: 2n }))).toEqual([
      [],
      ['Proxy ready'],
      [],
      [],
    ])
    expect(bodies(connecting, connectedState)).toEqual(['What uses the proxy leaves from NL · 203.0.113.10.'])
  })

  test('lost, then got back; attempts in between are none', () => {
    const states = [reconnecting(1), reconnecting(2), reconnecting(3), connectedState]
    expect(titles(connectedState, ...states)).toEqual([['Connection lost'], [], [], ['Connected again']])
    expect(bodies(connectedState, reconnecting())).toEqual([
      'The tunnel fell silent. Nothing is let out while reconnecting.',
    ])
    expect(bodies(connectedState, reconnecting(1, false))).toEqual(['The tunnel fell silent. Reconnecting.'])
  })

  test('got back from another provider: who was lost, where it leaves now, and a price that changed', () => {
    const { connection } = connectedState
    if (connection.name !== 'connected') throw new Error('The fixture is connected.')
    const from = (lost: typeof proposal, atMs = 1) =>
      with_({ ...connection, before: { used: 1n, startedAtMs: 0, lost: { proposal: lost, atMs } } })
    const there = { ...connection.proposal, originLocation: { country: 'CH' } }
    const cheaper = { ...there, pricePerUnit: there.pricePerUnit + MYST }
    expect(titles(connectedState, reconnecting(), from(there))[1]).toEqual(['Connected to another provider'])
    const [same] = bodies(reconnecting(), from(there))
    expect(same).toMatch(/^CH was lost\. Your traffic leaves from \S+ .* now\.$/)
    expect(bodies(reconnecting(), from(cheaper))[0]).toMatch(/ now\. It costs [\d.]+ MYST per (GiB|hour)\.$/)
    // Once: what comes after is no reconnect.
    expect(titles(from(there), from(there))).toEqual([[]])
    expect(titles(reconnecting(), from(there, -1))).toEqual([['Connected again']])
  })

  test('lost and lost again are two events', () => {
    expect(titles(connectedState, reconnecting(), connectedState, reconnecting())).toEqual([
      ['Connection lost'],
      ['Connected again'],
      ['Connection lost'],
    ])
  })

  test('lost and blocked', () => {
    expect(titles(connectedState, reconnecting(), blocked, blocked)).toEqual([
      ['Connection lost'],
      ['Internet blocked'],
      [],
    ])
    expect(titles(connectedState, blocked)).toEqual([['Internet blocked']])
  })

  test('nothing of what a person did herself', () => {
    expect(titles(connectedState, disconnecting, baseState)).toEqual([[], []])
    expect(titles(blocked, baseState)).toEqual([[]])
    expect(titles(connecting, disconnecting, baseState)).toEqual([[], []])
    // Lockdown blocks as it was told to; that it is left no connection is an event.
    expect(titles(baseState, lockdown)).toEqual([[]])
    expect(titles(disconnecting, lockdown)).toEqual([[]])
    expect(titles(connectedState, lockdown)).toEqual([['Internet blocked']])
  })

  test('ended by the other side', () => {
    expect(titles(connectedState, ended, ended)).toEqual([['Not connected any more'], []])
    expect(titles(reconnecting(), ended)).toEqual([['Not connected any more']])
  })
})

describe('of money', () => {
  const rich = { ...baseState.wallet, balance: 10n * MYST, maxAtRisk: MYST / 2n }
  const poor = { ...rich, balance: MYST / 4n }

  test('little paid ahead, once in a session', () => {
    const states = [100n, 50n, 9n, 5n, 100n, 3n].map((leftover) => live({ leftover }, { wallet: rich }))
    expect(titles(connecting, ...states).slice(1)).toEqual([[], ['Little is paid ahead'], [], [], []])
    const other = [100n, 9n].map((leftover) => live({ leftover, sessionId: 'other' }, { wallet: rich }))
    expect(titles(connectedState, ...states, ...other).at(-1)).toEqual(['Little is paid ahead'])
  })

  test('a free session has nothing to run out of', () => {
    expect(titles(connectedState, live({ leftover: 0n }), live({ leftover: 0n, bytesDown: 9n }))).toEqual([[], []])
  })

  test('a low balance, and again only after there was enough', () => {
    const states = [poor, poor, rich, poor].map((wallet) => live({}, { wallet }))
    expect(titles(live({}, { wallet: rich }), ...states)).toEqual([
      ['Your balance is low'],
      [],
      [],
      ['Your balance is low'],
    ])
    expect(bodies(live({}, { wallet: rich }), live({}, { wallet: poor }))).toEqual([
      '0.25 MYST are left for connections. Deposit more to stay connected.',
    ])
    // What is promised already is not left.
    expect(titles(live({}, { wallet: rich }), live({}, { wallet: { ...rich, payable: 10n * MYST } }))).toEqual([
      ['Your balance is low'],
    ])
    // Whoever is not connected is told in the wallet.
    expect(titles({ ...baseState, wallet: rich }, { ...baseState, wallet: poor })).toEqual([[]])
  })

  test('a session bought, once each, also when it is listed again', () => {
    expect(titles(sharing(), sharing('a'), sharing('a', 'b'), sharing('b'), sharing('a', 'b'))).toEqual([
      ['A session was bought from you'],
      ['A session was bought from you'],
      [],
      [],
    ])
    expect(titles(sharing(), sharing('a', 'b', 'c'))).toEqual([['3 sessions were bought from you']])
    expect(bodies(sharing(), sharing('a'))).toEqual(['0x0000…00aa uses your connection now.'])
  })

  test('earnings cleared, once for each clearing', () => {
    const at = (state: 'pending' | 'done' | 'failed', hash: string, what: 'clear' | 'deposit' = 'clear'): AppState => ({
      ...baseState,
      wallet: { ...baseState.wallet, transaction: { what, state, hash } },
    })
    expect(
      titles(baseState, at('pending', 'a'), at('done', 'a'), at('done', 'a'), at('pending', 'b'), at('done', 'b')),
    ).toEqual([[], ['Earnings collected'], [], [], ['Earnings collected']])
    expect(titles(baseState, at('failed', 'a'), at('done', 'a', 'deposit'))).toEqual([[], []])
  })
})

test('a stranger’s words are one line of plain text', () => {
  const message = `\u001b[31mpay\u202e now\u0000\n<a href="https://evil.example">here</a> ${'x'.repeat(10_000)}`
  const [body = ''] = bodies(connectedState, with_({ name: 'disconnected', last: { message, paid: 0n } }))
  expect(body).toMatch(/^pay now <a href/)
  expect(body).not.toMatch(/\p{Cc}|\p{Cf}/u)
  expect(body.length).toBeLessThanOrEqual(160)
})

describe('in German', () => {
  const lost = (why: string): AppState =>
    with_({ name: 'reconnecting', lost: why, sinceMs: 0, attempt: 1, atMost: 6, isBlocked: true, ...progress })

  test('what the node says is German too, with the sentences and figures within', () => {
    expect(bodies(connectedState, lost('The provider lost the tunnel.'))).toEqual([
      'The provider lost the tunnel. Nothing is let out while reconnecting.',
    ])
    speak('de', [])
    expect(bodies(connectedState, lost('The provider lost the tunnel.'))).toEqual([
      'Der Anbieter hat den Tunnel verloren. Es wird neu verbunden; bis dahin kommt nichts hinaus.',
    ])
    const why = 'The provider does not answer any more. Nobody could take over: There is no provider to try.'
    expect(bodies(connectedState, with_({ name: 'blocked', why, sinceMs: 0, paid: 0n }))).toEqual([
      'Der Anbieter antwortet nicht mehr. Niemand konnte übernehmen: Es gibt keinen Anbieter, der versucht werden könnte. Entscheiden Sie in Mysterium, wie es weitergeht.',
    ])
    const message =
      'The provider wants at least 0.25 MYST more ahead, and at most 0.5 MYST may be at risk with one provider.'
    const [body] = bodies(connectedState, with_({ name: 'disconnected', last: { message, paid: 0n } }))
    expect(body).toContain('mindestens 0,25 MYST mehr im Voraus, und höchstens 0,5 MYST')
    const rich = live({}, { wallet: { ...baseState.wallet, balance: 10n * MYST, maxAtRisk: MYST / 2n } })
    const poor = live({}, { wallet: { ...baseState.wallet, balance: MYST / 4n, maxAtRisk: MYST / 2n } })
    expect(bodies(rich, poor)).toEqual([
      'Für Verbindungen bleiben 0,25 MYST. Zahlen Sie etwas ein, um verbunden zu bleiben.',
    ])
  })

  test('every sentence that the page knows, and what nobody knows as it is', () => {
    speak('de', [])
    const whole = Object.entries(nodeDe).filter(([key]) => !key.includes('{}'))
    expect(whole.length).toBeGreaterThan(150)
    for (const [english, german] of whole) {
      const [body = ''] = bodies(connectedState, with_({ name: 'disconnected', last: { message: english, paid: 0n } }))
      expect(body.slice(0, 100)).toBe(german.slice(0, 100))
    }
    expect(bodies(connectedState, ended)).toEqual(['The provider closed.'])
    const long = `${'x'.repeat(50_000)} Nobody could take over: y`
    expect(bodies(connectedState, with_({ name: 'disconnected', last: { message: long, paid: 0n } }))[0]).toHaveLength(
      160,
    )
  })
})
