import { importable } from './host-node.ts'

/** Of a program for `createHostNodes`: `openvpn` and its `guard`, as a node makes them whose person set nothing. */
export const OPENVPN = `
import { createOpenVpn } from ${importable('services/openvpn/openvpn.ts')}
import { createNetworkGuard } from ${importable('services/openvpn/network-guard.ts')}
const settings = () => ({ allowLocalNetwork: false, resolver: 'default', lockdown: false })
const guard = await createNetworkGuard({ privilege, log, clock, settings, control: [] })
const openvpn = createOpenVpn({ privilege, guard, log, clock })`
