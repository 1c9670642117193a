import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { ControlEndpoint } from './ports/service-type.ts'

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443, 'mqtt:': 1883, 'mqtts:': 8883 }

/** Chain and broker: what stays reachable beside a tunnel. */
export function controlEndpointsOf({ rpc, brokers }: NetworkFile): ControlEndpoint[] {
  return [...rpc, ...brokers].map((address) => {
    const { hostname, port, protocol } = new URL(address)
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (DEFAULT_PORTS[protocol] ?? 443) }
  })
}

/** For people to read: a provider's path or user often is a credential, so only schemes and hosts stay. */
export function withoutCredentials(network: NetworkFile): NetworkFile {
  const bare = (address: string) => {
    const { protocol, host } = new URL(address)
    return `${protocol}//${host}`
  }
  return { ...network, rpc: network.rpc.map(bare), brokers: network.brokers.map(bare) }
}
