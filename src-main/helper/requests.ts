import {
  bad,
  type Fields,
  readAddress,
  readBoolean,
  readCommonName,
  readFields,
  readInteger,
  readList,
  readProtocol,
  readText,
} from './fields.ts'
import { MAX_PEM, readCertificate, readPrivateKey, readStaticKey } from './pem.ts'

/** The verbs, with their fields as they may be used: checked, bounded, encoded anew. */
export type Remote = { address: string; port: number; protocol: 'udp' | 'tcp' }
type Credentials = { ca: string; certificate: string; privateKey: string; tlsCrypt: string }

export type Endpoint = { address: string; port: number }

export type TunnelRequest = Credentials & { remotes: Remote[]; controlAddresses: string[]; dns?: string }
export type NetworkRequest = {
  state: 'open' | 'blocked'
  allowLocalNetwork: boolean
  controlEndpoints: Endpoint[]
  resolver?: string
}
export type ServerRequest = Credentials & {
  port: number
  protocol: 'udp' | 'tcp'
  maxSessions: number
  /** Of each client, and of all together; each way. */
  bandwidthKbps?: number
  totalBandwidthKbps?: number
  /** Of each client: open at once, and new per second. */
  maxConnections: number
  newConnectionsPerSecond: number
  allowMail: boolean
  publicAddress?: string
}

export type Request =
  | { verb: 'status' }
  | { verb: 'network-set'; network: NetworkRequest }
  | { verb: 'network-state' }
  | { verb: 'tunnel-start'; tunnel: TunnelRequest }
  | { verb: 'tunnel-mtu'; mtu: number }
  | { verb: 'tunnel-stop' }
  | { verb: 'server-start'; server: ServerRequest }
  | { verb: 'server-admit'; commonName: string }
  | { verb: 'server-traffic'; commonName: string }
  | { verb: 'server-kill'; commonName: string }
  | { verb: 'server-stop' }

/** Largest frame, in bytes: five PEM fields and some addresses. */
export const MAX_FRAME = 96 * 1024
/** More sessions than one /24 has addresses for are not served. */
const MAX_SESSIONS = 250
/** What IPv6 needs (RFC 8200), and what Ethernet carries. */
const MTU = { least: 1_280, most: 1_500 }
/** 100 Gbit/s. */
const MAX_KBPS = 100_000_000

/** Throws `BadRequest`. `id` is the caller's own and goes back with the answer. */
export function parseRequest(line: string): { id: number; read: () => Request } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw bad('a frame')
  }
  const fields = readFields(value, 'a frame')
  return { id: readInteger(fields, 'id', 0, Number.MAX_SAFE_INTEGER), read: () => readRequest(fields) }
}

/** `parseRequest` for one caller, whose numbers only grow: what was asked is not asked again by whoever sends it again. */
export function createRequestReader(): typeof parseRequest {
  let last = -1
  return (line) => {
    const request = parseRequest(line)
    if (request.id <= last) throw bad('id')
    last = request.id
    return request
  }
}

function readRequest(fields: Fields): Request {
  switch (fields.verb) {
    case 'status':
    case 'network-state':
    case 'tunnel-stop':
    case 'server-stop':
      return { verb: fields.verb }
    case 'network-set':
      return { verb: 'network-set', network: readNetwork(fields) }
    case 'tunnel-start':
      return { verb: 'tunnel-start', tunnel: readTunnel(fields) }
    case 'tunnel-mtu':
      return { verb: 'tunnel-mtu', mtu: readInteger(fields, 'mtu', MTU.least, MTU.most) }
    case 'server-start':
      return { verb: 'server-start', server: readServer(fields) }
    case 'server-admit':
    case 'server-traffic':
    case 'server-kill':
      return { verb: fields.verb, commonName: readCommonName(fields) }
    default:
      throw bad('verb')
  }
}

function readNetwork(fields: Fields): NetworkRequest {
  const { state } = fields
  if (state !== 'open' && state !== 'blocked') throw bad('state')
  return {
    state,
    allowLocalNetwork: readBoolean(fields, 'allowLocalNetwork'),
    controlEndpoints: readList(fields, 'controlEndpoints', 0, 32).map((value) => {
      const endpoint = readFields(value, 'controlEndpoints')
      return {
        address: readAddress(endpoint.address, 'controlEndpoints'),
        port: readInteger(endpoint, 'port', 1, 65_535),
      }
    }),
    ...(fields.resolver !== undefined && { resolver: readAddress(fields.resolver, 'resolver') }),
  }
}

function readTunnel(fields: Fields): TunnelRequest {
  return {
    ...readCredentials(fields),
    remotes: readList(fields, 'remotes', 1, 4).map((value) => {
      const remote = readFields(value, 'remotes')
      return {
        address: readAddress(remote.address, 'remotes'),
        port: readInteger(remote, 'port', 1, 65_535),
        protocol: readProtocol(remote),
      }
    }),
    controlAddresses: readList(fields, 'controlAddresses', 0, 32).map((value) =>
      readAddress(value, 'controlAddresses'),
    ),
    ...(fields.dns !== undefined && { dns: readAddress(fields.dns, 'dns') }),
  }
}

function readServer(fields: Fields): ServerRequest {
  return {
    ...readCredentials(fields),
    port: readInteger(fields, 'port', 1, 65_535),
    protocol: readProtocol(fields),
    maxSessions: readInteger(fields, 'maxSessions', 1, MAX_SESSIONS),
    ...(fields.bandwidthKbps !== undefined && { bandwidthKbps: readInteger(fields, 'bandwidthKbps', 1, MAX_KBPS) }),
    ...(fields.totalBandwidthKbps !== undefined && {
      totalBandwidthKbps: readInteger(fields, 'totalBandwidthKbps', 1, MAX_KBPS),
    }),
    maxConnections: readInteger(fields, 'maxConnections', 1, 65_535),
    newConnectionsPerSecond: readInteger(fields, 'newConnectionsPerSecond', 1, 10_000),
    allowMail: readBoolean(fields, 'allowMail'),
    ...(fields.publicAddress !== undefined && { publicAddress: readAddress(fields.publicAddress, 'publicAddress') }),
  }
}

function readCredentials(fields: Fields): Credentials {
  return {
    ca: readCertificate(readText(fields, 'ca', MAX_PEM), 'ca'),
    certificate: readCertificate(readText(fields, 'certificate', MAX_PEM), 'certificate'),
    privateKey: readPrivateKey(readText(fields, 'privateKey', MAX_PEM), 'privateKey'),
    tlsCrypt: readStaticKey(readText(fields, 'tlsCrypt', MAX_PEM), 'tlsCrypt'),
  }
}
