import { connect } from 'node:net'
import type { Logger } from '../../lib/logger.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ServiceType } from '../../ports/service-type.ts'
import { createDestinationPolicy, type DestinationPolicy } from '../destination-policy.ts'
import { createSocksConsumer } from './consumer.ts'
import { type DestinationDeps, resolveName } from './destination.ts'
import { startSocksProvider } from './provider.ts'

export type SocksDeps = {
  log: Logger
  clock: Clock
  /** Addresses of a name, as the provider sees them; default: the system's name servers. */
  resolve?: DestinationDeps['resolve']
  /** Opens a TCP connection to an address that the policy permitted. */
  connect?: DestinationDeps['connect']
  policy?: DestinationPolicy
  /** Where the provider's half listens; default: every address of this machine, any free port. */
  listen?: { host?: string; port?: number }
  /** Where the consumer's half listens when no port is asked for; another free one while a program has it. Default: 1080. */
  usualPort?: number
}

/** SOCKS' own (IANA): a browser that was told of it once finds the proxy again. */
const USUAL_PORT = 1080

/**
 * The secure SOCKS service (whitepaper 6.4.3, 6.6.3): the consumer's programs speak SOCKS5 to
 * 127.0.0.1, everything travels in one TLS 1.3 connection whose both ends are pinned through the
 * dialogue, and the provider connects to the destinations. Needs no rights beyond those of a user.
 */
export function createSocks(deps: SocksDeps): ServiceType {
  const { log, clock, listen, usualPort = USUAL_PORT } = deps
  return {
    name: 'socks',
    startProvider: (options) =>
      startSocksProvider(
        {
          log,
          clock,
          policy: deps.policy ?? createDestinationPolicy(),
          resolve: deps.resolve ?? resolveName,
          connect: deps.connect ?? ((host, port) => connect({ host, port, allowHalfOpen: true })),
          ...(listen && { listen }),
        },
        options,
      ),
    createConsumer: (options) => createSocksConsumer({ log, clock, usualPort }, options),
  }
}
