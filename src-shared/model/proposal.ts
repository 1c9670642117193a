import type { IdentityId } from './identity.ts'
import type { Amount } from './units.ts'

export type ServiceTypeName = 'openvpn' | 'socks'
export type MeteringUnit = 'GiB' | 'hour'
export type Location = { country: string; asn?: number }

/** How to reach a provider's node over one channel; `address` is the channel's own form of one. */
export type Contact = { channel: string; address: string }

/** Whitepaper 6.4.2: the terms that the provider signed. */
export type Proposal = {
  formatVersion: 1
  provider: IdentityId
  serial: number
  serviceType: ServiceTypeName
  serviceLocation: Location
  originLocation: Location
  bandwidthMbps: number
  unit: MeteringUnit
  pricePerUnit: Amount
  contacts: Contact[]
}

/** A proposal as it was copied from the chain: the signed bytes are kept exactly as they came. */
export type CopiedProposal = Proposal & { bytes: Uint8Array; blockNumber: number; expiresAtBlock: number }

export type ProposalFilter = {
  provider?: IdentityId | undefined
  serial?: number | undefined
  serviceType?: ServiceTypeName | undefined
  country?: string | undefined
  originCountry?: string | undefined
  unit?: MeteringUnit | undefined
  maxPricePerUnit?: Amount | undefined
  minBandwidthMbps?: number | undefined
  sort?: 'price' | 'experience' | undefined
  limit?: number | undefined
}
