import type { IdentityId } from '#shared/model/identity.ts'
import type { ProposalFilter, ServiceTypeName } from '#shared/model/proposal.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Row, Store, StoreValue } from '../ports/store.ts'
import { blob, identity, int, optionalInt, text } from './columns.ts'
import { type ConductRepository, createConductRepository, type Misconduct } from './conduct-repository.ts'

/** A verified proposal as it is put in: terms to search by, and the signed bytes. */
export type Announcement = {
  blockNumber: number
  logIndex: number
  provider: IdentityId
  serial: number
  issuedAtBlock: number
  serviceType: ServiceTypeName
  serviceCountry: string
  originCountry: string
  unit: string
  pricePerUnit: Amount
  bandwidthMbps: number
  bytes: Uint8Array
}

export type Experience = {
  sessions: number
  failures: number
  lastConnectMs?: number
  /** The last attempt failed, a short while ago. */
  failedLast?: boolean
  misconduct?: Misconduct
}

/** What a query gives back; the terms are in `bytes`. */
export type StoredProposal = {
  blockNumber: number
  issuedAtBlock: number
  bytes: Uint8Array
  preferred: boolean
  experience: Experience
}

export type OwnProposal = {
  provider: IdentityId
  serial: number
  serviceType: ServiceTypeName
  /** The qualitative terms in canonical form: the same terms keep their serial. */
  terms: string
  issuedAtBlock: number
  bytes: Uint8Array
  /** Not replaced by other terms: offering the same again goes on under this serial. */
  valid: boolean
}

/**
 * Proposals copied from the chain, what this node knows of their providers, and its own proposals
 * (whitepaper 6.4). Only the latest issued announcement of a provider's serial counts, only of a
 * registered provider, and only from `oldestBlock` on.
 */
export type ProposalRepository = {
  add(announcement: Announcement): void
  readonly conduct: ConductRepository
  /**
   * Preferred providers first, those with misconduct last, before them those whose last attempt failed; then by price or
   * by experience. A failure counts from the block `oldestFailure` on, and while its provider announces nothing new. At
   * most `limit` rows.
   */
  query(filter: ProposalFilter, oldestBlock: number, limit: number, oldestFailure: number): StoredProposal[]
  count(oldestBlock: number): number
  /** The announcement that counts for a serial, whoever its provider is and however old. */
  latest(provider: IdentityId, serial: number): { blockNumber: number; bytes: Uint8Array } | undefined
  /** Forgets announcements below this block. */
  prune(blockNumber: number): void
  /** -1 when the provider announced nothing, here or elsewhere. */
  highestSerial(provider: IdentityId): number
  prefer(provider: IdentityId, preferred: boolean): void
  recordSession(provider: IdentityId, connectMs: number): void
  /** `atBlock`: up to which the chain was copied then. */
  recordFailure(provider: IdentityId, atBlock: number): void
  saveOwn(proposal: OwnProposal): void
  own(provider: IdentityId): OwnProposal[]
}

/** Digits of 2^128 and one to spare: padded so, text order is number order. */
const PRICE_DIGITS = 40

const CURRENT = `
  a.block_number >= ?
  AND EXISTS (SELECT 1 FROM registration r WHERE r.identity = a.provider)
  AND NOT EXISTS (
    SELECT 1 FROM announcement n WHERE n.provider = a.provider AND n.serial = a.serial
    AND (n.issued_at_block, n.block_number, n.log_index) > (a.issued_at_block, a.block_number, a.log_index)
  )`

const RANK = 'preferred DESC, has_misconduct, failed_last'
const ORDERS = {
  price: `${RANK}, a.price, a.block_number DESC, a.log_index DESC`,
  // The share of attempts that worked, with one of each assumed: a single success is not certainty.
  experience: `${RANK},
    (coalesce(e.sessions, 0) + 1.0) / (coalesce(e.sessions, 0) + coalesce(e.failures, 0) + 2.0) DESC,
    e.last_connect_ms NULLS LAST, a.price, a.block_number DESC, a.log_index DESC`,
}

export function createProposalRepository(store: Store): ProposalRepository {
  const conduct = createConductRepository(store)
  return {
    conduct,
    add(a) {
      store.run(
        'INSERT OR IGNORE INTO announcement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        a.blockNumber,
        a.logIndex,
        a.provider,
        a.serial,
        a.issuedAtBlock,
        a.serviceType,
        a.serviceCountry,
        a.originCountry,
        a.unit,
        padPrice(a.pricePerUnit),
        a.bandwidthMbps,
        a.bytes,
      )
    },
    query(filter, oldestBlock, limit, oldestFailure) {
      const { conditions, values } = conditionsOf(filter)
      return store
        .all(
          `SELECT a.block_number, a.issued_at_block, a.bytes, coalesce(e.preferred, 0) AS preferred,
             coalesce(e.sessions, 0) AS sessions, coalesce(e.failures, 0) AS failures, e.last_connect_ms,
             a.provider, EXISTS (SELECT 1 FROM misconduct m WHERE m.provider = a.provider) AS has_misconduct,
             coalesce(e.failed_at_block >= max(a.block_number, ?), 0) AS failed_last
           FROM announcement a LEFT JOIN provider_experience e ON e.provider = a.provider
           WHERE ${[CURRENT, ...conditions].join(' AND ')} ORDER BY ${ORDERS[filter.sort ?? 'price']} LIMIT ?`,
          oldestFailure,
          oldestBlock,
          ...values,
          limit,
        )
        .map((row) => toStored(row, conduct))
    },
    count(oldestBlock) {
      const row = store.get(`SELECT count(*) AS count FROM announcement a WHERE ${CURRENT}`, oldestBlock)
      return row ? int(row, 'count') : 0
    },
    latest(provider, serial) {
      const row = store.get(
        `SELECT block_number, bytes FROM announcement WHERE provider = ? AND serial = ?
         ORDER BY issued_at_block DESC, block_number DESC, log_index DESC LIMIT 1`,
        provider,
        serial,
      )
      return row && { blockNumber: int(row, 'block_number'), bytes: blob(row, 'bytes') }
    },
    prune: (blockNumber) => void store.run('DELETE FROM announcement WHERE block_number < ?', blockNumber),
    highestSerial(provider) {
      const row = store.get(
        `SELECT max(coalesce((SELECT max(serial) FROM announcement WHERE provider = ?), -1),
                    coalesce((SELECT max(serial) FROM own_proposal WHERE provider = ?), -1)) AS serial`,
        provider,
        provider,
      )
      return row ? int(row, 'serial') : -1
    },

    prefer(provider, preferred) {
      store.run(
        `INSERT INTO provider_experience (provider, preferred) VALUES (?, ?)
         ON CONFLICT (provider) DO UPDATE SET preferred = excluded.preferred`,
        provider,
        preferred ? 1 : 0,
      )
    },
    recordSession(provider, connectMs) {
      store.run(
        `INSERT INTO provider_experience (provider, sessions, last_connect_ms) VALUES (?, 1, ?)
         ON CONFLICT (provider) DO UPDATE SET
           sessions = sessions + 1, last_connect_ms = excluded.last_connect_ms, failed_at_block = NULL`,
        provider,
        Math.round(connectMs),
      )
    },
    recordFailure(provider, atBlock) {
      store.run(
        `INSERT INTO provider_experience (provider, failures, failed_at_block) VALUES (?, 1, ?)
         ON CONFLICT (provider) DO UPDATE SET failures = failures + 1, failed_at_block = excluded.failed_at_block`,
        provider,
        atBlock,
      )
    },

    saveOwn(own) {
      store.run(
        'INSERT OR REPLACE INTO own_proposal VALUES (?, ?, ?, ?, ?, ?, ?)',
        own.provider,
        own.serial,
        own.serviceType,
        own.terms,
        own.issuedAtBlock,
        own.bytes,
        own.valid ? 1 : 0,
      )
    },
    own: (provider) => store.all('SELECT * FROM own_proposal WHERE provider = ? ORDER BY serial', provider).map(toOwn),
  }
}

function conditionsOf(filter: ProposalFilter): { conditions: string[]; values: StoreValue[] } {
  const all: [string, StoreValue | undefined][] = [
    ['a.provider = ?', filter.provider],
    ['a.serial = ?', filter.serial],
    ['a.service_type = ?', filter.serviceType],
    ['a.service_country = ?', filter.country],
    ['a.origin_country = ?', filter.originCountry],
    ['a.unit = ?', filter.unit],
    ['a.price <= ?', filter.maxPricePerUnit === undefined ? undefined : padPrice(filter.maxPricePerUnit)],
    ['a.bandwidth_mbps >= ?', filter.minBandwidthMbps],
  ]
  const given = all.filter((entry): entry is [string, StoreValue] => entry[1] !== undefined)
  return { conditions: given.map(([condition]) => condition), values: given.map(([, value]) => value) }
}

function padPrice(price: Amount): string {
  return price.toString().padStart(PRICE_DIGITS, '0')
}

function toStored(row: Row, conduct: ConductRepository): StoredProposal {
  const misconduct = int(row, 'has_misconduct') === 1 ? conduct.of(identity(row, 'provider')) : undefined
  const lastConnectMs = optionalInt(row, 'last_connect_ms')
  return {
    blockNumber: int(row, 'block_number'),
    issuedAtBlock: int(row, 'issued_at_block'),
    bytes: blob(row, 'bytes'),
    preferred: int(row, 'preferred') === 1,
    experience: {
      sessions: int(row, 'sessions'),
      failures: int(row, 'failures'),
      ...(lastConnectMs === undefined ? {} : { lastConnectMs }),
      ...(int(row, 'failed_last') === 1 ? { failedLast: true } : {}),
      ...(misconduct ? { misconduct } : {}),
    },
  }
}

function toOwn(row: Row): OwnProposal {
  return {
    provider: identity(row, 'provider'),
    serial: int(row, 'serial'),
    serviceType: text(row, 'service_type') as ServiceTypeName,
    terms: text(row, 'terms'),
    issuedAtBlock: int(row, 'issued_at_block'),
    bytes: blob(row, 'bytes'),
    valid: int(row, 'valid') === 1,
  }
}
