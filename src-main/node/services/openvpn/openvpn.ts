import type { Logger } from '../../lib/logger.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Privilege } from '../../ports/privilege.ts'
import type { ServiceType } from '../../ports/service-type.ts'
import { createOpenVpnConsumer } from './consumer.ts'
import type { OpenVpnGuard } from './network-guard.ts'
import { startOpenVpnProvider } from './provider.ts'

/** The service type "openvpn": IP tunnelling over real OpenVPN (whitepaper 6.4.3, node document). */
export function createOpenVpn(deps: {
  privilege: Privilege
  guard: OpenVpnGuard
  log: Logger
  clock: Clock
}): ServiceType {
  return {
    name: 'openvpn',
    guard: deps.guard,
    startProvider: (options) => startOpenVpnProvider(deps, options),
    createConsumer: (options) => createOpenVpnConsumer(deps, options),
  }
}
