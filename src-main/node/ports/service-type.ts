import type { IdentityId } from '#shared/model/identity.ts'
import type { ServiceTypeName } from '#shared/model/proposal.ts'

/** Totals since the session opened, in bytes of the person's own traffic, up = consumer → internet. */
export type Traffic = { bytesUp: bigint; bytesDown: bigint }

/**
 * A service type is a plug-in (whitepaper 6.4.3, 6.6.3): what it needs to say to its other half goes
 * as opaque session data through the dialogue; each side parses what it gets with its own schema.
 */
export type ServiceType = {
  readonly name: ServiceTypeName
  /** Where the whole machine's traffic goes through the tunnel; a proxy has none. */
  readonly guard?: NetworkGuard
  /** Starts offering. Rejects with an actionable error (`OpenVpnMissing`, `NoTunDevice`, `PortInUse`, …). */
  startProvider(options: ProviderOptions): Promise<ServiceProvider>
  /**
   * Prepares one session on the consumer's side, before anything is paid: what needs a person's consent
   * is asked for here. Nothing changes the system before `start`.
   */
  createConsumer(options: ConsumerOptions): Promise<ServiceConsumer>
}

export type ProviderOptions = {
  /** Directory of the service's own durable files (keys, certificates); made by the service, 0700. */
  dataDir: string
  /** Address that consumers can reach, announced in session data; behind a router, the router's. */
  publicAddress: string
  /** Per session, each way; undefined: unlimited. */
  bandwidthMbps?: number
  /** Of all sessions of this service together, each way; undefined: unlimited. */
  totalBandwidthMbps?: number
  /** Of one session: connections at once, and new ones per second. */
  maxConnections?: number
  newConnectionsPerSecond?: number
  /** Opens the mail ports, which are closed otherwise. */
  allowMail?: boolean
  maxSessions: number
}

export type ServiceProvider = {
  /** Where it takes connections. */
  readonly port: { number: number; protocol: 'udp' | 'tcp' }
  /**
   * Admits a session. `data` is the consumer's session data, unparsed; throws an error with
   * `reason: 'service-data-invalid'` when it does not fit. Returns the session data for the consumer.
   */
  admit(sessionId: string, consumer: IdentityId, data: unknown): Promise<unknown>
  /** Totals for a session so far; keeps the last known figures until `end`. */
  traffic(sessionId: string): Traffic
  /** Ends the session: its traffic stops within a second. Resolves with the final figures. */
  end(sessionId: string): Promise<Traffic>
  /** Called when the service lost a session or all of them on its own (a crash of its program). */
  onLost(handle: (sessionId: string | undefined, message: string) => void): () => void
  stop(): Promise<void>
}

export type ConsumerOptions = {
  /** Where one's own SOCKS listener shall listen (socks only); undefined: any free port. */
  socksPort?: number
  /** Chain and broker, which must stay reachable outside of the tunnel, and nothing else. */
  controlEndpoints: readonly ControlEndpoint[]
  /** The name server to ask through the tunnel, an IP address; the service's own choice when none is given. */
  nameServer?: string
}

/** By name or IP address. */
export type ControlEndpoint = { host: string; port: number }

/**
 * What keeps traffic from leaving beside the tunnel. A consumer's `start` raises it; it stays while tunnels
 * come and go, also when this program ends, until `open`.
 */
export type NetworkGuard = {
  /** Where it stands, since when, and whether an earlier program raised it. */
  readonly stands: { sinceMs: number; isInherited: boolean } | undefined
  /** It shall stand while nobody is connected, too: `open` then leaves it as it is. */
  readonly isLockdown: boolean
  /** Notices when a person opened it from outside (`myst reset-network`): then it stands no more. */
  look(): Promise<void>
  /** Lets everything out again, without lockdown. Rejects with a sentence for a person; then it still stands. */
  open(): Promise<void>
}

/** In bytes: what comes back at most (4 KiB unless told), and padding to send along where packets have a size. */
export type FetchSize = { maxBytes: number; padding: number }

export type ServiceConsumer = {
  /** What the provider needs to know first: goes into session-create. */
  request(): unknown
  /**
   * Establishes the data channel from the provider's session data (parsed here, hostile). Rejects with
   * an actionable error; `signal` cancels at once and leaves nothing behind.
   */
  start(data: unknown, signal: AbortSignal): Promise<{ socksPort?: number }>
  /** Fetches an `http://` address through the tunnel and nowhere else. */
  fetchThrough(url: string, signal: AbortSignal, size?: FetchSize): Promise<string>
  /** Rejects unless that name server (an IP address) answers a question for a name through the tunnel. */
  askNameServer?(server: string, name: string, signal: AbortSignal): Promise<void>
  /** Where packets have a size: from now on one that every path carries. */
  shrinkPackets?(): Promise<void>
  /** Where the tunnel ends, as the provider named it: IP addresses. Known once it is started. */
  remoteAddresses(): readonly string[]
  /** What nobody asked for does not count. */
  traffic(): Traffic
  onLost(handle: (message: string) => void): () => void
  stop(): Promise<void>
}
