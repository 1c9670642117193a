import type { AppState } from '#shared/contract/state.ts'
import { MYST } from '#shared/model/units.ts'
import { DEFAULT_TERMS } from '../features/share/terms.ts'
import { m } from '../messages/index.ts'
import { connectScenes, lockdown } from './connect-scenes.ts'
import { CHOSEN, fixtureId, LOCKED, live, ME, NEW, NO_NETWORK, NOBODY, READY, SAFE } from './fixtures.ts'
import { programScenes, programs } from './program-scenes.ts'
import type { Scene } from './scene.ts'

/** Every state of the app worth a look, by name. `now` is when the page was opened. */
export function scenes(now: number): Record<string, Scene> {
  const sharing: AppState = {
    ...READY,
    share: {
      run: 1,
      state: 'on',
      services: [
        { type: 'openvpn', serial: 4, state: 'announced', port: { number: 1194, protocol: 'udp' } },
        { type: 'socks', serial: 5, state: 'starting', port: { number: 43_817, protocol: 'tcp' } },
      ],
      reach: { verdict: 'public', own: '203.0.113.9', seen: '203.0.113.9', atMs: now - 3_600_000 },
      address: '203.0.113.9',
      terms: {
        services: ['openvpn', 'socks'],
        pricePerUnit: MYST / 20n,
        unit: 'GiB',
        country: 'DE',
        bandwidthMbps: 20,
        maxSessions: 5,
        hours: '08:00-23:00',
        monthlyBytes: 500n * 2n ** 30n,
        totalBandwidthMbps: 60,
        maxConnections: 2_000,
      },
      volume: { usedBytes: 213n * 2n ** 30n, limitBytes: 500n * 2n ** 30n, resetsAtMs: now + 9 * 86_400_000 },
      sessions: [1, 2, 3].map((index) => ({
        sessionId: `served-${index}`,
        consumer: fixtureId(index + 700),
        serial: 4,
        serviceType: index === 3 ? 'socks' : 'openvpn',
        startedAtMs: now - index * 1_150_000,
        metering: {
          cost: (BigInt(index * 13) * MYST) / 1000n,
          bytesUp: BigInt(index) * 21_000_000n,
          bytesDown: BigInt(index) * 390_000_000n,
          durationMs: index * 1_150_000,
        },
        leftover: (BigInt(7 - index) * MYST) / 1000n,
      })),
      earnedToday: (412n * MYST) / 1000n,
      heldAhead: (31n * MYST) / 1000n,
      riskRevision: 1,
      recordsRevision: 0,
    },
  }
  const sharingWith = (share: Partial<AppState['share']>): AppState => ({
    ...sharing,
    share: { ...sharing.share, ...share },
  })
  return {
    'first-identity': { route: 'setup', state: NOBODY },
    'first-backup': { route: 'setup', state: NEW },
    'first-fund-local': { route: 'setup', state: SAFE },
    'first-fund-real': {
      route: 'setup',
      state: {
        ...SAFE,
        network: { ...SAFE.network, name: 'Mysterium', local: false },
        wallet: { ...SAFE.wallet, undeposited: 4n * MYST },
      },
    },
    'first-no-network': { route: 'setup', state: { ...NO_NETWORK, identity: NOBODY.identity } },
    'first-fund-no-network': { route: 'setup', state: NO_NETWORK },
    'first-fund-waiting': {
      route: 'setup',
      state: {
        ...SAFE,
        network: { ...SAFE.network, name: 'Mysterium', local: false, chain: 'connecting' },
        identity: { ...SAFE.identity, registration: 'unknown' },
        wallet: NO_NETWORK.wallet,
      },
    },
    'first-done': { route: 'setup', state: READY },
    unlock: { route: 'unlock', state: LOCKED },
    'unlock-forgotten': { route: 'unlock', state: LOCKED, press: () => [m.unlock.forgotten] },
    ...connectScenes(now),
    share: { route: 'share', state: { ...READY, wallet: { ...READY.wallet, receivable: 0n } }, empty: true },
    'share-reach-unknown': {
      route: 'share',
      state: sharingWith({
        sessions: [],
        reach: { verdict: 'unknown', why: 'no-probe', own: '192.168.1.5', atMs: now - 60_000 },
      }),
      empty: true,
    },
    'share-free': {
      route: 'share',
      state: { ...READY, wallet: { ...READY.wallet, receivable: 0n } },
      empty: true,
      remembered: { share: { ...DEFAULT_TERMS, price: '0', country: 'DE', totalBandwidth: '5' } },
    },
    'share-locked': { route: 'share', state: LOCKED, empty: true },
    'share-lockdown': {
      route: 'share',
      state: { ...READY, connection: lockdown(now), settings: { ...READY.settings, lockdown: true } },
      empty: true,
    },
    'share-no-openvpn': {
      route: 'share',
      state: {
        ...NEW,
        capabilities: {
          openvpn: {
            available: false,
            message: 'OpenVPN was not found; install it (Debian, Ubuntu: apt install openvpn).',
          },
          socks: { available: true },
        },
      },
      empty: true,
    },
    'share-interrupted': {
      route: 'share',
      state: { ...READY, share: { ...READY.share, ...(sharing.share.terms && { interrupted: sharing.share.terms }) } },
      empty: true,
    },
    'share-on': { route: 'share', state: sharing },
    'share-announcing': {
      route: 'share',
      state: sharingWith({
        sessions: [],
        services: sharing.share.services.map((service) => ({ ...service, state: 'starting' as const })),
      }),
      empty: true,
    },
    'share-collect': { route: 'share', state: sharing, press: () => [m.share.clear] },
    'share-change': { route: 'share', state: sharing, press: () => [m.share.changeTerms] },
    'share-closed': {
      route: 'share',
      state: sharingWith({ sessions: [], closed: { reason: 'outside-hours', untilMs: now + 7 * 3_600_000 } }),
    },
    'share-limit-reached': {
      route: 'share',
      state: sharingWith({
        sessions: [],
        volume: { usedBytes: 500n * 2n ** 30n, limitBytes: 500n * 2n ** 30n, resetsAtMs: now + 9 * 86_400_000 },
        closed: { reason: 'volume-used-up', untilMs: now + 9 * 86_400_000 },
      }),
    },
    'share-unreachable': {
      route: 'share',
      state: {
        ...sharing,
        network: { ...READY.network, broker: 'unreachable' },
        share: {
          ...sharing.share,
          sessions: [],
          services: [
            { type: 'openvpn', serial: 4, state: 'announced' },
            {
              type: 'socks',
              serial: 0,
              state: 'failed',
              message: 'The proposal could not be announced; trying again.',
            },
          ],
        },
      },
    },
    'share-no-identity': { route: 'share', state: NOBODY },
    'share-on-alone': {
      route: 'share',
      state: {
        ...sharing,
        share: { ...sharing.share, sessions: [], earnedToday: 0n, heldAhead: 0n },
        wallet: { ...READY.wallet, receivable: 0n },
      },
      empty: true,
    },
    'share-behind-router': {
      route: 'share',
      state: sharingWith({
        reach: { verdict: 'behind-router', own: '192.168.1.5', seen: '198.51.100.7', atMs: now - 60_000 },
        address: '198.51.100.4',
      }),
    },
    'share-earned-before': { route: 'share', state: READY },
    wallet: {
      route: 'wallet',
      state: {
        ...READY,
        wallet: {
          ...READY.wallet,
          transaction: { what: 'deposit', state: 'pending', hash: `0x${'4f'.repeat(32)}` },
          withdrawal: { amount: 3n * MYST, to: fixtureId(900), executableAtMs: now + 86_400_000 },
        },
      },
    },
    'wallet-withdraw': {
      route: 'wallet',
      state: {
        ...READY,
        wallet: {
          ...READY.wallet,
          transaction: { what: 'withdraw', state: 'done', hash: `0x${'4f'.repeat(32)}` },
          withdrawal: { amount: (15n * MYST) / 10n, to: fixtureId(900), executableAtMs: now + 86_400_000 },
        },
      },
      press: () => [m.wallet.withdraw, m.wallet.all],
    },
    'wallet-call-off': {
      route: 'wallet',
      state: {
        ...READY,
        wallet: {
          ...READY.wallet,
          withdrawal: { amount: (15n * MYST) / 10n, to: fixtureId(900), executableAtMs: now + 86_400_000 },
        },
      },
      press: () => [m.wallet.callOff],
    },
    'wallet-schedule': { route: 'wallet', state: READY, press: () => [m.wallet.policyChange] },
    'wallet-failed': {
      route: 'wallet',
      state: {
        ...READY,
        wallet: {
          ...READY.wallet,
          transaction: {
            what: 'withdraw',
            state: 'failed',
            message: 'The contract would refuse the transaction now; it was not sent.',
          },
        },
      },
    },
    'wallet-gas-low': {
      route: 'wallet',
      state: {
        ...READY,
        wallet: { ...READY.wallet, gas: MYST / 5000n, transactionsLeft: 2, runsOutFirst: 'gas' },
      },
    },
    'wallet-empty': { route: 'wallet', state: NOBODY, empty: true },
    'wallet-no-network': { route: 'wallet', state: NO_NETWORK, empty: true },
    'wallet-unreachable': {
      route: 'wallet',
      state: { ...READY, network: { ...READY.network, name: 'Mysterium', local: false, chain: 'unreachable' } },
    },
    'wallet-locked': { route: 'wallet', state: LOCKED, empty: true },
    activity: { route: 'activity', state: READY },
    'activity-running': {
      route: 'activity',
      state: {
        ...sharing,
        connection: { name: 'connected', proposal: CHOSEN, live: live(now), steps: [] },
        programs: programs(now),
      },
    },
    'activity-empty': { route: 'activity', state: READY, empty: true },
    settings: { route: 'settings', state: READY },
    'settings-changed': {
      route: 'settings',
      state: {
        ...READY,
        identity: { ...READY.identity, all: [...READY.identity.all, { id: fixtureId(2), backedUp: false }] },
        connection: lockdown(now),
        settings: {
          ...READY.settings,
          allowLocalNetwork: true,
          resolver: '2620:fe::fe',
          lockdown: true,
          connectOnStart: 'last',
          shareOnStart: true,
          language: 'en',
          problems: {
            lockdown: 'The block of before stands as it is. The permission to change the network was not given.',
            connectOnStart: 'Connecting waits until you unlock your identity.',
            shareOnStart: 'Switch lockdown off to share: nobody could reach you.',
          },
        },
      },
    },
    'settings-desktop': {
      route: 'settings',
      state: {
        ...READY,
        identity: { ...READY.identity, keychain: { remembers: ME } },
        shell: { startWithComputer: true, update: { name: 'ready', version: '0.2.0' } },
      },
    },
    'settings-dark': { route: 'settings', state: READY, remembered: { theme: 'dark' } },
    'settings-old-backup': {
      route: 'settings',
      state: { ...READY, identity: { ...READY.identity, all: [{ id: ME, backedUp: false, backedUpBefore: true }] } },
    },
    'settings-passphrase': { route: 'settings', state: READY, press: () => [m.settings.passphrase] },
    'settings-other-browser': { route: 'settings', state: READY, press: () => [m.settings.otherBrowserGo] },
    'settings-diagnostics': { route: 'settings', state: READY, press: () => [m.settings.diagnosticsShow] },
    ...programScenes(now),
    'settings-no-openvpn': {
      route: 'settings',
      state: {
        ...NOBODY,
        capabilities: {
          openvpn: {
            available: false,
            message: 'OpenVPN was not found; install it (Debian, Ubuntu: apt install openvpn).',
          },
          socks: { available: true },
        },
      },
    },
    lost: { route: 'connect', state: READY, link: 'lost' },
    'lost-unread': { route: 'connect', state: READY, link: 'lost', empty: true },
    'no-network': {
      route: 'connect',
      state: {
        ...NOBODY,
        network: {
          ...NOBODY.network,
          name: '',
          chain: 'unreachable',
          message: 'No network is chosen; name one with --network FILE.',
        },
        proposals: { ...NOBODY.proposals, count: 0 },
      },
    },
    'signed-out': { route: 'connect', state: READY, link: 'signed-out' },
    loading: { route: 'connect', state: READY, link: 'connecting' },
  }
}
