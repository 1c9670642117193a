import { describe, expect, test } from 'vitest'
import { DEFAULT_SETTINGS } from '#shared/contract/settings.ts'
import type { AppState } from '#shared/contract/state.ts'
import type { Proposal } from '#shared/model/proposal.ts'
import { glance, whatStops } from './glance.ts'
import { drawTrayIcon } from './tray-icon.ts'
import { type TrayActions, trayMenu } from './tray-menu.ts'

const proposal: Proposal = {
  formatVersion: 1,
  provider: '0x00000000000000000000000000000000000000aa',
  serial: 1,
  serviceType: 'socks',
  serviceLocation: { country: 'NL' },
  originLocation: { country: 'NL' },
  bandwidthMbps: 100,
  unit: 'GiB',
  pricePerUnit: 1n,
  contacts: [],
}
const base: AppState = {
  network: {
    name: 'x',
    chainId: 1,
    local: true,
    chain: 'online',
    broker: 'online',
    startBlock: 0,
    syncedBlock: 1,
    headBlock: 1,
  },
  identity: { all: [], unlocked: true, registration: 'registered' },
  wallet: {
    balance: 0n,
    undeposited: 0n,
    gas: 0n,
    registrationFee: 0n,
    networkFeeBps: 0,
    receivable: 0n,
    payable: 0n,
    maxAtRisk: 0n,
    clearingPolicy: { atOnce: false, threshold: 0n, maxAgeMs: 0 },
  },
  connection: { name: 'disconnected' },
  share: { state: 'off', services: [], sessions: [], earnedToday: 0n },
  settings: { ...DEFAULT_SETTINGS, problems: {} },
  proposals: { count: 0, revision: 0 },
  capabilities: { openvpn: { available: false }, socks: { available: true } },
}
const connected: AppState = {
  ...base,
  connection: {
    name: 'connected',
    proposal,
    steps: [],
    live: {
      sessionId: 's',
      provider: proposal.provider,
      startedAtMs: 0,
      exit: { address: '203.0.113.10', country: 'NL' },
      bytesUp: 0n,
      bytesDown: 0n,
      metered: { cost: 0n, bytesUp: 0n, bytesDown: 0n, durationMs: 0 },
      leftover: 0n,
      promised: 0n,
      rateBps: { up: 0, down: 0 },
    },
  },
}
const connecting: AppState = {
  ...base,
  connection: { name: 'connecting', proposal, step: 'reach-provider', startedAtMs: 0, steps: [] },
}
const reconnecting: AppState = {
  ...base,
  connection: {
    ...{ name: 'reconnecting', lost: 'The tunnel was lost.', sinceMs: 0, attempt: 1, isBlocked: true },
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

describe('the tray', () => {
  test('says in one line where things stand', () => {
    expect(glance(base)).toEqual({ kind: 'off', line: 'Not connected' })
    expect(glance(connected)).toEqual({ kind: 'connected', line: 'Connected · NL · 203.0.113.10' })
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

  test('no item moves when the state changes', () => {
    expect(labels(connected)).toHaveLength(labels(base).length)
    for (const state of [connecting, reconnecting, blocked])
      expect(labels(state).slice(3)).toEqual(labels(base).slice(3))
  })

  test('its icon differs by shape and not by colour alone', () => {
    const alpha = (kind: Parameters<typeof drawTrayIcon>[0]) =>
      drawTrayIcon(kind, 32).filter((_byte, index) => index % 4 === 3)
    expect(drawTrayIcon('off', 32)).toHaveLength(32 * 32 * 4)
    const middle = 16 * 32 + 16
    expect(alpha('connected')[middle]).toBe(255)
    expect(alpha('off')[middle]).toBe(0)
    expect(alpha('busy')).not.toEqual(alpha('off'))
  })
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
