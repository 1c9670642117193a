import type { IdentityId } from '#shared/model/identity.ts'

/**
 * Unreliable datagrams (whitepaper 6.6): may be lost, repeated, reordered, delayed; never altered
 * unnoticed, because what travels is an encrypted envelope. `send` never throws for a peer that is not
 * there. A channel reconnects by itself; `online` says whether it can send at this moment.
 */
export type Channel = {
  readonly type: string
  /** Largest datagram in bytes; what is larger is refused with an error by `send`. */
  readonly maxDatagram: number
  readonly online: boolean
  start(): Promise<void>
  stop(): Promise<void>
  /** Where others reach this node on this channel: what goes into a proposal's contacts. */
  contact(): string
  send(to: IdentityId, address: string, datagram: Uint8Array): Promise<void>
  onDatagram(handle: (datagram: Uint8Array) => void): () => void
  onOnline(handle: (online: boolean) => void): () => void
}
