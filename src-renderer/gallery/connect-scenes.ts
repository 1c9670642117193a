import type { AppState } from '#shared/contract/state.ts'
import { REFUSALS } from '#shared/model/refusal.ts'
import { CONNECT_STEPS, type ConnectionState, type StepRecord } from '#shared/model/session.ts'
import { MYST } from '#shared/model/units.ts'
import { m } from '../messages/index.ts'
import { CHOSEN, fixtureId, LOCKED, live, NEW, NOBODY, PROPOSALS, READY, SAFE } from './fixtures.ts'
import type { Scene } from './scene.ts'

/** Cheaper, and somewhere else. */
const LOST = {
  ...CHOSEN,
  provider: fixtureId(7),
  originLocation: { country: 'CH' },
  pricePerUnit: CHOSEN.pricePerUnit / 2n,
}
const PROXY = PROPOSALS.find(({ serviceType, own }) => serviceType === 'socks' && !own) ?? CHOSEN
const DURATIONS_MS = [412, 1_830, 655, 2_904]
const STEPS: StepRecord[] = CONNECT_STEPS.slice(0, 4).map((step, at) => ({ step, durationMs: DURATIONS_MS[at] ?? 0 }))

/** Closed by choice while nobody is connected. */
export function lockdown(now: number): Extract<ConnectionState, { name: 'blocked' }> {
  return {
    name: 'blocked',
    isLockdown: true,
    sinceMs: now - 84_000,
    paid: 0n,
    why: 'Lockdown is on: nothing leaves this computer but through a VPN.',
  }
}

/** Every state of the connection, of what one needs for it, and of what it hangs on. */
export function connectScenes(now: number): Record<string, Scene> {
  const at = (connection: ConnectionState): Scene => ({ route: 'connect', state: { ...READY, connection } })
  const ended = (last: (ConnectionState & { name: 'disconnected' })['last']): Scene =>
    at({ name: 'disconnected', ...(last && { last }) })
  const network = (change: Partial<AppState['network']>): Scene => ({
    route: 'connect',
    state: { ...READY, network: { ...READY.network, ...change } },
  })
  const connecting = CONNECT_STEPS.map((step, index): [string, Scene] => [
    `connecting-${step}`,
    at({
      name: 'connecting',
      proposal: CHOSEN,
      step,
      startedAtMs: now - 1000 - DURATIONS_MS.slice(0, index).reduce((sum, one) => sum + one, 0),
      steps: STEPS.slice(0, index),
    }),
  ])
  const reconnecting = at({
    name: 'reconnecting',
    lost: 'Nothing comes back through the tunnel any more.',
    sinceMs: now - 19_000,
    attempt: 2,
    atMost: 6,
    isBlocked: true,
    proposal: CHOSEN,
    step: 'start-tunnel',
    startedAtMs: now - 5_000,
    steps: STEPS.slice(0, 3),
  })
  return {
    connect: { route: 'connect', state: READY },
    'connect-real-network': {
      route: 'connect',
      state: { ...READY, network: { ...READY.network, name: 'Mysterium', local: false } },
    },
    'connect-no-identity': { route: 'connect', state: NOBODY },
    'connect-locked': { route: 'connect', state: LOCKED },
    'connect-unlocking': {
      route: 'connect',
      state: { ...LOCKED, identity: { ...LOCKED.identity, unlocking: true } },
    },
    'connect-no-backup': {
      route: 'connect',
      state: { ...READY, identity: { ...READY.identity, all: NEW.identity.all } },
    },
    'connect-not-registered': { route: 'connect', state: SAFE },
    'connect-unfunded': { route: 'connect', state: { ...READY, wallet: { ...READY.wallet, balance: 0n } } },
    'connect-empty': { route: 'connect', state: { ...READY, proposals: { count: 0, revision: 1 } }, empty: true },
    'connect-none-match': {
      route: 'connect',
      state: READY,
      remembered: {
        filters: {
          search: 'atlantis',
          country: '',
          serviceType: 'openvpn',
          unit: '',
          maxPrice: '0.02',
          minBandwidth: '',
          sort: 'price',
        },
      },
    },
    'connect-syncing': network({ chain: 'syncing', syncedBlock: 92_400 }),
    'connect-chain-unreachable': network({ chain: 'unreachable' }),
    'connect-broker-unreachable': network({ broker: 'unreachable' }),
    confirm: { route: 'connect', state: READY, offer: CHOSEN },
    'confirm-proxy': { route: 'connect', state: READY, offer: PROXY },
    'confirm-not-registered': { route: 'connect', state: SAFE, offer: CHOSEN },
    'confirm-unfunded': {
      route: 'connect',
      state: { ...READY, wallet: { ...READY.wallet, balance: 0n } },
      offer: CHOSEN,
    },
    ...Object.fromEntries(connecting),
    connected: at({ name: 'connected', proposal: CHOSEN, live: live(now), steps: STEPS }),
    'connected-switch': {
      ...at({ name: 'connected', proposal: CHOSEN, live: live(now), steps: STEPS }),
      press: () => [m.connect.switch],
    },
    'connected-switch-confirm': {
      ...at({ name: 'connected', proposal: CHOSEN, live: live(now), steps: STEPS }),
      press: () => [m.connect.switch, m.connect.connect],
    },
    'connected-elsewhere': at({
      name: 'connected',
      proposal: CHOSEN,
      live: { ...live(now), startedAtMs: now - 214_000 },
      steps: STEPS,
      before: {
        used: (31n * MYST) / 10_000n,
        startedAtMs: now - 4_020_000,
        lost: { proposal: LOST, atMs: now - 222_000 },
      },
    }),
    'connected-next-best': at({
      name: 'connected',
      proposal: CHOSEN,
      live: { ...live(now), startedAtMs: now - 14_000 },
      steps: STEPS,
      tried: { proposal: LOST, why: 'The provider does not answer; it may be offline.' },
    }),
    'connected-socks': at({
      name: 'connected',
      proposal: { ...CHOSEN, serviceType: 'socks', unit: 'hour' },
      live: { ...live(now), socksPort: 41_080 },
      steps: STEPS,
    }),
    'connected-leftover-low': at({
      name: 'connected',
      proposal: CHOSEN,
      live: {
        ...live(now),
        leftover: MYST / 100_000n,
        unpaid: { reason: 'promise-not-covered', message: REFUSALS['promise-not-covered'] },
      },
      steps: STEPS,
    }),
    'connected-payment-refused': at({
      name: 'connected',
      proposal: CHOSEN,
      live: {
        ...live(now),
        leftover: MYST / 100_000n,
        unpaid: { reason: 'credit-exhausted', message: REFUSALS['credit-exhausted'] },
      },
      steps: STEPS,
    }),
    reconnecting,
    'reconnecting-switch': { ...reconnecting, press: () => [m.connect.switch] },
    'reconnecting-paused': at({
      name: 'reconnecting',
      lost: 'The provider does not answer any more.',
      sinceMs: now - 48_000,
      attempt: 4,
      atMost: 6,
      retryAtMs: now + 8_000,
      isBlocked: true,
      proposal: CHOSEN,
      step: 'reach-provider',
      startedAtMs: now,
      steps: [],
    }),
    'lost-connected': {
      ...at({ name: 'connected', proposal: CHOSEN, live: live(now), steps: STEPS }),
      link: 'lost',
    },
    blocked: at({
      name: 'blocked',
      why: 'The connection to the provider was lost. Nobody could take over: The provider does not answer; it may be offline.',
      sinceMs: now - 84_000,
      paid: MYST / 250n,
      bill: { used: MYST / 1000n, ahead: (3n * MYST) / 1000n, holders: 1 },
      again: { serviceType: 'openvpn' },
    }),
    'blocked-since-before': {
      route: 'connect',
      state: {
        ...LOCKED,
        connection: {
          name: 'blocked',
          why: 'The program ended while it protected your traffic, so nothing is let out until you say so.',
          sinceMs: now - 3_720_000,
          paid: 0n,
        },
      },
    },
    'locked-down': {
      route: 'connect',
      state: { ...READY, connection: lockdown(now), settings: { ...READY.settings, lockdown: true } },
    },
    'locked-down-by-you': {
      route: 'connect',
      state: {
        ...READY,
        connection: { ...lockdown(now), bill: { used: (31n * MYST) / 1000n, ahead: (2n * MYST) / 1000n, holders: 1 } },
        settings: { ...READY.settings, lockdown: true },
      },
    },
    'locked-down-restore': {
      route: 'connect',
      state: { ...READY, connection: lockdown(now), settings: { ...READY.settings, lockdown: true } },
      press: () => [m.connect.restore],
    },
    disconnecting: at({ name: 'disconnecting', proposal: CHOSEN }),
    'disconnected-by-you': ended({
      end: 'consumer-closed',
      message: 'The session ended.',
      paid: (235n * MYST) / 10_000n,
      bill: { used: (976n * MYST) / 100_000n, ahead: (1374n * MYST) / 100_000n, holders: 1 },
    }),
    'failed-provider-gone': ended({
      step: 'reach-provider',
      message: 'The provider does not answer; it may be offline.',
      paid: 0n,
    }),
    'failed-helper-refused': ended({
      step: 'start-tunnel',
      end: 'tunnel-failed',
      message: 'The permission to change the network was not given.',
      paid: MYST / 500n,
      bill: { used: 0n, ahead: MYST / 500n, holders: 1 },
    }),
    'failed-not-verified': ended({
      step: 'verify-traffic',
      end: 'not-verified',
      message: 'Nothing came back through the tunnel.',
      paid: MYST / 500n,
      bill: { used: 0n, ahead: MYST / 500n, holders: 1 },
    }),
    'ended-leftover-used-up': ended({
      end: 'leftover-exhausted',
      message: 'What was paid ahead ran out.',
      paid: MYST / 25n,
      bill: { used: MYST / 25n, ahead: 0n, holders: 0 },
    }),
  }
}
