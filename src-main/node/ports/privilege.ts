/**
 * What needs elevation: a few fixed verbs, typed fields, no texts that become options. Implemented by
 * a client of the helper program (`src-main/helper`). PEM fields are re-encoded by the helper.
 */
export type TunnelStart = {
  remotes: { address: string; port: number; protocol: 'udp' | 'tcp' }[]
  ca: string
  certificate: string
  privateKey: string
  tlsCrypt: string
  /** IP addresses that keep their direct route (chain and broker). */
  controlAddresses: string[]
  /** The name server that this machine asks while guarded, an IP address; a public one when none is named. */
  dns?: string
}

/**
 * What may leave this machine. `blocked`: nothing but loopback, what keeps the link, and TCP of this
 * user's programs to the control endpoints (each replaces what was set before). A tunnel that starts
 * while blocked makes it `tunnel`, its end makes it `blocked` again; blocking while a tunnel is up
 * guards that tunnel. Only `open` opens.
 */
export type NetworkSet = {
  state: 'open' | 'blocked'
  allowLocalNetwork: boolean
  controlEndpoints: { address: string; port: number }[]
  /** The name server that all names are asked of through the tunnel, an IP address; else `TunnelStart.dns` for those that need one. */
  resolver?: string
}

/** `since`: when that began, in milliseconds. It outlives helper, node and app. */
export type NetworkState = { state: 'open' | 'blocked' | 'tunnel'; since?: number }

export type ServerStart = {
  port: number
  protocol: 'udp' | 'tcp'
  ca: string
  certificate: string
  privateKey: string
  tlsCrypt: string
  maxSessions: number
  /** Of each client, and of all together; each way. */
  bandwidthKbps?: number
  totalBandwidthKbps?: number
  /** Of each client: open at once, and new per second. */
  maxConnections: number
  newConnectionsPerSecond: number
  /** Ports 25, 465 and 587. */
  allowMail: boolean
  /** This machine's address as seen from outside: refused to clients, a home router would hand it back to itself. */
  publicAddress?: string
}

export type PrivilegeEvent =
  | { event: 'tunnel'; state: 'starting' | 'up' | 'down'; device?: string; message?: string }
  /** What came out of the tunnel since it was made and nobody here had asked for; its device counted it as well. */
  | { event: 'tunnel-unasked'; bytes: string }
  /** An admitted client came or went, noticed within a second or two. */
  | { event: 'server-client'; state: 'here' | 'gone'; commonName: string }
  /** Bytes of IP traffic per admitted client since it was admitted, from the firewall's own counters. */
  | { event: 'server-traffic'; commonName: string; bytesUp: string; bytesDown: string }
  | { event: 'server'; state: 'up' | 'down'; message?: string }

export type Privilege = {
  /** Starts the helper when it is not running (the one place where a prompt can appear). */
  ensure(): Promise<void>
  /** Needs `ensure` first. */
  networkSet(request: NetworkSet): Promise<void>
  /** Without a helper: what an earlier one left; no password is asked for. */
  networkState(): Promise<NetworkState>
  tunnelStart(request: TunnelStart): Promise<{ device: string }>
  /** The largest packet that goes into the tunnel from now on: 1280 to 1500 bytes. */
  tunnelMtu(request: { mtu: number }): Promise<void>
  tunnelStop(): Promise<void>
  serverStart(request: ServerStart): Promise<void>
  /** Lets in whoever shows a certificate of this name, until `serverKill`. */
  serverAdmit(request: { commonName: string }): Promise<void>
  /** Current totals of an admitted client, read now. */
  serverTraffic(request: { commonName: string }): Promise<{ bytesUp: string; bytesDown: string }>
  serverKill(request: { commonName: string }): Promise<void>
  serverStop(): Promise<void>
  onEvent(handle: (event: PrivilegeEvent) => void): () => void
  stop(): Promise<void>
}
