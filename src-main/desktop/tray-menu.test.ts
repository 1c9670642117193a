import type { MenuItemConstructorOptions } from 'electron'
import { afterEach, describe, expect, test } from 'vitest'
import type { UpdateState } from '#shared/contract/shell.ts'
import type { AppState } from '#shared/contract/state.ts'
import { MYST } from '#shared/model/units.ts'
import { baseState, connectedState, proposal } from './fixtures.ts'
import { glance, whatStops } from './glance.ts'
import { speak } from './texts.ts'
import { drawTrayIcon, ICO_SIZES, TRAY_ICONS, trayIco } from './tray-icon.ts'
import { type TrayActions, trayMenu } from './tray-menu.ts'

afterEach(() => speak('en', []))

const [base, connected] = [baseState, connectedState]
const connecting: AppState = {
  ...base,
  connection: { name: 'connecting', proposal, step: 'reach-provider', startedAtMs: 0, steps: [] },
}
const reconnecting: AppState = {
  ...base,
  connection: {
    ...{ name: 'reconnecting', lost: 'The tunnel was lost.', sinceMs: 0, attempt: 1, atMost: 6, isBlocked: true },
    ...{ proposal, step: 'reach-provider', startedAtMs: 0, steps: [] },
  },
}
const blocked: AppState = {
  ...base,
  connection: { name: 'blocked', why: 'The tunnel was lost.', sinceMs: 0, paid: 0n },
}
const lockedDown: AppState = {
  ...base,
  connection: { name: 'blocked', why: 'Lockdown is on.', sinceMs: 0, paid: 0n, isLockdown: true },
  settings: { ...base.settings, lockdown: true },
}
const sharing: AppState = { ...base, share: { ...base.share, state: 'on' } }

/** Clicks the item and says which action ran. */
function click(state: AppState, label: string): string | undefined {
  let ran: string | undefined
  const names = ['open', 'connect', 'disconnect', 'restore', 'share', 'stopSharing', 'forget', 'quit'] as const
  const actions = Object.fromEntries(names.map((name) => [name, () => (ran = name)])) as unknown as TrayActions
  const item = trayMenu(state, actions).find((candidate) => candidate.label === label)
  expect(item?.enabled).not.toBe(false)
  const run = item?.click as (() => void) | undefined
  run?.()
  return ran
}
const labels = (state: AppState) => trayMenu(state, {} as TrayActions).map(({ label }) => label)

const withVpn: AppState = {
  ...connected,
  connection: { ...connected.connection, proposal: { ...proposal, serviceType: 'openvpn' } } as AppState['connection'],
}

describe('the tray', () => {
  test('says in one line where things stand', () => {
    expect(glance(base)).toEqual({ kind: 'off', line: 'Not connected' })
    expect(glance(connected)).toEqual({ kind: 'proxy', line: 'Proxy ready · NL · 203.0.113.10' })
    expect(glance(withVpn)).toEqual({ kind: 'connected', line: 'Connected · NL · 203.0.113.10' })
    expect(glance(connecting).kind).toBe('busy')
    expect(glance(reconnecting)).toEqual({ kind: 'busy', line: 'Reconnecting… nothing is let out' })
    expect(glance(blocked)).toEqual({ kind: 'attention', line: 'Internet blocked · The tunnel was lost.' })
    const failed: AppState = {
      ...base,
      connection: { name: 'disconnected', last: { message: 'x'.repeat(500), paid: 0n } },
    }
    expect(glance(failed).kind).toBe('attention')
    expect(glance(failed).line.length).toBeLessThan(100)
    expect(glance({ ...base, network: { ...base.network, chain: 'unreachable' } }).kind).toBe('attention')
  })

  test('offers what can be done now', () => {
    expect(click(base, 'Connect to the best')).toBe('connect')
    expect(click(connected, 'Disconnect')).toBe('disconnect')
    expect(click(connecting, 'Cancel')).toBe('disconnect')
    expect(click(reconnecting, 'Disconnect')).toBe('disconnect')
    expect(click(blocked, 'Restore internet')).toBe('restore')
    expect(click(lockedDown, 'Connect to the best')).toBe('connect')
    expect(click(base, 'Share my bandwidth')).toBe('share')
    expect(click(sharing, 'Share my bandwidth')).toBe('stopSharing')
    expect(click(base, 'Open Mysterium')).toBe('open')
    expect(click(base, 'Quit')).toBe('quit')
  })

  test.each([
    { ...base, identity: { ...base.identity, unlocked: false } },
    { ...base, identity: { ...base.identity, registration: 'unregistered' as const } },
  ])('offers neither connecting nor sharing without a registered, unlocked identity', (state) => {
    const items = trayMenu(state, {} as TrayActions)
    expect(items.find(({ label }) => label === 'Connect to the best')?.enabled).toBe(false)
    expect(items.find(({ label }) => label === 'Share my bandwidth')?.enabled).toBe(false)
  })

  test('forgets a passphrase only when one is remembered', () => {
    const forget = (keychain: AppState['identity']['keychain']) => {
      const state = { ...base, identity: { ...base.identity, ...(keychain && { keychain }) } }
      return trayMenu(state, {} as TrayActions).find(({ label }) => label === 'Forget my passphrase')?.enabled
    }
    expect([forget(undefined), forget({}), forget({ remembers: proposal.provider })]).toEqual([false, false, true])
    const remembered = { ...base, identity: { ...base.identity, keychain: { remembers: proposal.provider } } }
    expect(click(remembered, 'Forget my passphrase')).toBe('forget')
  })

  test('connects to the last provider and to favourites, where one can connect', () => {
    const asked: unknown[] = []
    const actions = { connectTo: (filter: unknown) => asked.push(filter) } as unknown as TrayActions
    const offer = { ...proposal, blockNumber: 1, expiresAtBlock: 2, preferred: true, own: false }
    const favourites = [{ ...offer, pricePerUnit: MYST / 20n, experience: { sessions: 0, failures: 0 } }]
    const last = { peer: proposal.provider, serviceType: 'openvpn' as const }
    const items = (state: AppState) => trayMenu(state, actions, { last, favourites }).slice(4, 6)
    const [again, preferred] = items(base)
    expect([again?.label, preferred?.label]).toEqual(['Connect to 0x0000…00aa again', 'Favourites'])
    const submenu = preferred?.submenu as MenuItemConstructorOptions[]
    expect(submenu.map(({ label }) => label)).toEqual(['NL · 0x0000…00aa · 0.05 MYST/GiB'])
    for (const item of [again, submenu[0]]) (item?.click as (() => void) | undefined)?.()
    expect(asked).toEqual([
      { provider: proposal.provider, serviceType: 'openvpn' },
      { provider: proposal.provider, serial: 1, serviceType: 'socks', instead: false },
    ])
    const enabled = (state: AppState) => items(state).map((item) => item.enabled)
    expect([base, blocked, lockedDown].map(enabled)).toEqual([base, blocked, lockedDown].map(() => [true, true]))
    const locked = { ...base, identity: { ...base.identity, unlocked: false } }
    expect([connecting, locked].map(enabled)).toEqual([connecting, locked].map(() => [false, false]))
    // While connected a favourite takes the session's place, unless that is a VPN and the favourite a proxy.
    expect(enabled(connected)).toEqual([false, true])
    const switching = (serviceType: 'openvpn' | 'socks') => {
      if (connected.connection.name !== 'connected') throw new Error('The fixture is connected.')
      const connection = { ...connected.connection, proposal: { ...proposal, serviceType } }
      const [, choices] = items({ ...connected, connection })
      return (choices?.submenu as MenuItemConstructorOptions[] | undefined)?.[0]
    }
    expect([switching('openvpn')?.enabled, switching('socks')?.enabled]).toEqual([false, true])
    ;(switching('socks')?.click as (() => void) | undefined)?.()
    expect(asked.at(-1)).toMatchObject({ instead: true })
    expect(
      trayMenu(base, actions)
        .slice(4, 6)
        .map((item) => item.enabled),
    ).toEqual([false, false])
  })

  test('says what is paid ahead, in steps', () => {
    const ahead = (leftover: bigint) => {
      if (connected.connection.name !== 'connected') throw new Error('The fixture is connected.')
      const { connection } = connected
      return trayMenu(
        { ...base, connection: { ...connection, live: { ...connection.live, leftover } } },
        {} as TrayActions,
      )[1]?.label
    }
    expect([ahead(0n), ahead(1n), ahead(MYST / 4n), ahead(MYST / 4n + 1n)]).toEqual([
      'Nothing is paid ahead',
      'Paid ahead · less than 0.01 MYST',
      'Paid ahead · 0.25 MYST',
      'Paid ahead · 0.25 MYST',
    ])
    expect(trayMenu(base, {} as TrayActions)[1]?.label).toBe('Nothing is paid ahead')
  })

  test('no item moves when the state changes', () => {
    expect(labels(connected)).toHaveLength(labels(base).length)
    for (const state of [connecting, reconnecting, blocked])
      expect(labels(state).slice(4)).toEqual(labels(base).slice(4))
  })

  test('its icon differs by shape and not by colour alone', () => {
    const alpha = (kind: Parameters<typeof drawTrayIcon>[0]) =>
      drawTrayIcon(kind, 32).filter((_byte, index) => index % 4 === 3)
    expect(drawTrayIcon('off', 32)).toHaveLength(32 * 32 * 4)
    const middle = 16 * 32 + 16
    expect(alpha('connected')[middle]).toBe(255)
    expect(alpha('off')[middle]).toBe(0)
    const shapes = TRAY_ICONS.map((kind) => alpha(kind).join())
    expect(new Set(shapes).size).toBe(TRAY_ICONS.length)
  })
})

test('on macOS its icon is a template: black, and the shape in its alpha', () => {
  for (const kind of TRAY_ICONS) {
    const template = drawTrayIcon(kind, 32, true)
    expect(template.filter((_byte, index) => index % 4 !== 3).every((byte) => byte === 0)).toBe(true)
    const shape = (pixels: Buffer) => pixels.filter((_byte, index) => index % 4 === 3)
    expect(shape(template)).toEqual(shape(drawTrayIcon(kind, 32)))
  }
})

test('on Windows its icon is a file with every size that the notification area asks for', () => {
  const ico = trayIco('connected')
  expect([ico.readUInt16LE(0), ico.readUInt16LE(2), ico.readUInt16LE(4)]).toEqual([0, 1, ICO_SIZES.length])
  const entries = ICO_SIZES.map((_, index) => 6 + 16 * index)
  expect(entries.map((at) => ico.readUInt8(at))).toEqual(ICO_SIZES)
  for (const [index, at] of entries.entries()) {
    const size = ICO_SIZES[index] ?? 0
    const [length, start] = [ico.readUInt32LE(at + 8), ico.readUInt32LE(at + 12)]
    // The bitmap counts its mask as rows of its own; the middle of a disc is opaque, and not premultiplied.
    expect([ico.readUInt32LE(start), ico.readInt32LE(start + 4), ico.readInt32LE(start + 8)]).toEqual([
      40,
      size,
      2 * size,
    ])
    const middle = start + 40 + ((size / 2) * size + size / 2) * 4
    expect([...ico.subarray(middle, middle + 4)]).toEqual([110, 180, 60, 255])
    expect(start + length).toBe(entries[index + 1] === undefined ? ico.length : ico.readUInt32LE(at + 16 + 12))
  }
})

describe('where a feed of updates is configured', () => {
  const item = (update: UpdateState) =>
    trayMenu({ ...base, shell: { startWithComputer: false, update } }, {} as TrayActions).at(-3)
  test('the tray offers the next step, and only that', () => {
    expect(trayMenu(base, {} as TrayActions).map(({ label }) => label)).not.toContain('Check for updates')
    const states: UpdateState[] = [
      { name: 'none' },
      { name: 'checking' },
      { name: 'available', version: '2.0.0' },
      { name: 'downloading', version: '2.0.0', percent: 40 },
      { name: 'ready', version: '2.0.0' },
      { name: 'failed', message: 'x' },
    ]
    expect(states.map((state) => [item(state)?.label, item(state)?.enabled !== false])).toEqual([
      ['Check for updates', true],
      ['Looking for updates…', false],
      ['Download version 2.0.0…', true],
      ['Downloading the update · 40 %', false],
      ['Install version 2.0.0…', true],
      ['Check for updates', true],
    ])
  })
})

test('a stranger’s words are one line of plain text in the tray', () => {
  const why = `\u001b[31mpay\u202e\u200b now\u0000\n${'x'.repeat(10_000)}`
  const { line } = glance({ ...base, connection: { name: 'blocked', why, sinceMs: 0, paid: 0n } })
  expect(line).toMatch(/^Internet blocked · pay now x+…$/)
  expect(line.length).toBeLessThan(120)
})

test('in German what the node says is German, and so are figures', () => {
  speak('de', [])
  const why = 'What was paid ahead ran out.'
  const { line } = glance({ ...base, connection: { name: 'blocked', why, sinceMs: 0, paid: 0n } })
  expect(line).toBe('Internet gesperrt · Das Vorausbezahlte war aufgebraucht.')
  if (connected.connection.name !== 'connected') throw new Error('The fixture is connected.')
  const connection = { ...connected.connection, live: { ...connected.connection.live, leftover: MYST / 4n } }
  expect(trayMenu({ ...base, connection }, {} as TrayActions)[1]?.label).toBe('Vorausbezahlt · 0,25 MYST')
})

test('quitting says what ends, and asks nothing when nothing does', () => {
  expect(whatStops(base)).toBeUndefined()
  expect(whatStops(connected)).toMatch(/proxy/)
  const openvpn = {
    ...connecting,
    connection: { ...connecting.connection, proposal: { ...proposal, serviceType: 'openvpn' as const } },
  }
  expect(whatStops(openvpn as AppState)).toMatch(/your own address/)
  expect(whatStops(blocked)).toMatch(/your own address/)
  expect(whatStops(lockedDown)).toBeUndefined()
  expect(whatStops({ ...openvpn, settings: lockedDown.settings } as AppState)).toMatch(/lockdown keeps/)
  expect(whatStops(sharing)).toBe('Sharing stops.')
  const [own, busy] = [baseState, connectedState].map(({ connection }, at) => ({
    ...{ id: `${at}`, name: 'Backup', budget: MYST, spent: 0n, socksPort: 14_101, createdAtMs: 0 },
    connection,
  }))
  if (!own || !busy) throw new Error('There are two programs.')
  expect(whatStops({ ...base, programs: [own] })).toBeUndefined()
  expect(whatStops({ ...base, programs: [own, busy] })).toBe('The connections of your programs end.')
  const session = {
    sessionId: 's',
    consumer: proposal.provider,
    serial: 1,
    serviceType: 'socks' as const,
    startedAtMs: 0,
    metering: { cost: 0n, bytesUp: 0n, bytesDown: 0n, durationMs: 0 },
    leftover: 0n,
  }
  expect(whatStops({ ...connected, share: { ...sharing.share, sessions: [session, session] } })).toBe(
    'Your connection ends: programs that use the proxy lose their way out.\nSharing stops. 2 sessions end.',
  )
})
