import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { Settings } from '#shared/contract/settings.ts'
import type { AppState } from '#shared/contract/state.ts'
import { openVpnAvailability } from './network/openvpn-availability.ts'
import { DEFAULT_CLEARING } from './payments/clearing-policy.ts'

/** What a person may lose to one provider unless she says otherwise: 0.5 MYST. */
export const MAX_AT_RISK = 5n * 10n ** 17n

/** Before anything answered. */
export function initialState(known: {
  network: NetworkFile | undefined
  settings: Settings
  connection: AppState['connection']
}): AppState {
  const { network, settings, connection } = known
  return {
    network: {
      name: network?.name ?? '',
      chainId: network?.chainId ?? 0,
      local: network?.local ?? false,
      chain: network ? 'connecting' : 'unreachable',
      broker: 'connecting',
      startBlock: network?.startBlock ?? 0,
      syncedBlock: 0,
      headBlock: 0,
      ...(network ? {} : { message: 'No network is chosen; name one with --network FILE.' }),
    },
    identity: { all: [], unlocked: false, registration: 'unknown' },
    wallet: {
      balance: 0n,
      undeposited: 0n,
      gas: 0n,
      registrationFee: 0n,
      networkFeeBps: 0,
      receivable: 0n,
      payable: 0n,
      paidAhead: 0n,
      maxAtRisk: MAX_AT_RISK,
      clearingPolicy: DEFAULT_CLEARING,
    },
    connection,
    share: {
      run: 0,
      state: 'off',
      services: [],
      sessions: [],
      earnedToday: 0n,
      heldAhead: 0n,
      riskRevision: 0,
      recordsRevision: 0,
    },
    settings: { ...settings, problems: {} },
    programs: [],
    api: {},
    proposals: { count: 0, revision: 0 },
    capabilities: { openvpn: openVpnAvailability(), socks: { available: true } },
  }
}
