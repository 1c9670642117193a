import { bad, readAddress } from './fields.ts'
import type { GuardRules } from './guard.ts'

/** Ports on which names are asked: closed outside of the tunnel. */
export const NAME_PORTS: readonly number[] = [53, 853]

/**
 * Throws `BadRequest` where an address, a port, a user or a device is not one: rules are text, and nothing that
 * means something to whoever reads them comes from outside. `device`: what a device may be called on that system.
 */
export function checkRules({ user, controlEndpoints, remotes, tunnel, resolver }: GuardRules, device: RegExp): void {
  if (!Number.isInteger(user) || user < 0) throw bad('user')
  const { address4, address6, dns } = tunnel ?? {}
  const inside = [address4, address6, dns, resolver].filter((address) => address !== undefined)
  const outside = [...controlEndpoints, ...remotes]
  for (const address of [...inside, ...outside.map((endpoint) => endpoint.address)]) readAddress(address, 'address')
  for (const { port } of outside) if (!Number.isInteger(port) || port < 1 || port > 65_535) throw bad('port')
  for (const { protocol } of remotes) if (protocol !== 'udp' && protocol !== 'tcp') throw bad('protocol')
  if (tunnel && !device.test(tunnel.device)) throw bad('device')
}
