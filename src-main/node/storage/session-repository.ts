import type { IdentityId } from '#shared/model/identity.ts'
import type { ServiceTypeName } from '#shared/model/proposal.ts'
import type { SessionRecord } from '#shared/model/session.ts'
import type { SessionEnd } from '#shared/model/session-end.ts'
import { decimalJson } from '#shared/model/session-export.ts'
import { type SignedRecord, signedRecord } from '#shared/model/signed-record.ts'

import type { Row, Store } from '../ports/store.ts'
import { big, identity, int, optionalInt, optionalText, text } from './columns.ts'

/** Records of one identity's sessions, on both sides. */
export type SessionRepository = {
  /** Writes the record as it is now; an ended one never changes again. */
  save(record: Omit<SessionRecord, 'signed'>): void
  /** Whether there was one of that name with that peer. */
  has(role: SessionRecord['role'], peer: IdentityId, sessionId: string): boolean
  /** Keeps what is signed: by this side alone beside the last that both signed; by both instead of everything before. */
  keepSigned(record: SignedRecord): void
  /** What this side signed of a session with that peer and the other has not. */
  signedAlone(role: SessionRecord['role'], peer: IdentityId, sessionId: string): SignedRecord | undefined
  /** Newest first. */
  list(limit: number): SessionRecord[]
  /** At start-up, after a crash: what was open has ended; when, nobody knows better than its last metering. */
  closeOrphans(): void
}

const KEY = 'identity = ? AND role = ? AND peer = ? AND session_id = ?'
const sameSession = (other: string) =>
  ['identity', 'role', 'peer', 'session_id'].map((column) => `${other}.${column} = session.${column}`).join(' AND ')

export function createSessionRepository(store: Store, own: IdentityId): SessionRepository {
  return {
    save(record) {
      const { metering } = record
      store.run(
        `INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET country = excluded.country, ended_at_ms = excluded.ended_at_ms, ended_by = excluded.ended_by,
           cost = excluded.cost, bytes_up = excluded.bytes_up, bytes_down = excluded.bytes_down,
           duration_ms = excluded.duration_ms
         WHERE ended_by IS NULL`,
        own,
        record.role,
        record.peer,
        record.sessionId,
        record.serial,
        record.serviceType,
        record.startedAtMs,
        record.endedAtMs ?? null,
        record.end ?? null,
        metering.cost.toString(),
        metering.bytesUp.toString(),
        metering.bytesDown.toString(),
        metering.durationMs,
        record.country ?? null,
        record.program ?? null,
      )
    },
    has: (role, peer, sessionId) =>
      store.get(`SELECT 1 FROM session WHERE ${KEY}`, own, role, peer, sessionId) !== undefined,
    keepSigned(record) {
      const { provider, consumer, sessionId } = record.content
      const key = provider === own ? ['provider', consumer, sessionId] : ['consumer', provider, sessionId]
      const byBoth = record.providerSignature !== undefined && record.consumerSignature !== undefined
      store.transaction(() => {
        if (byBoth) store.run(`DELETE FROM signed_record WHERE ${KEY} AND by_both = 0`, own, ...key)
        const row = [...key, byBoth ? 1 : 0, decimalJson(record)]
        store.run('INSERT OR REPLACE INTO signed_record VALUES (?, ?, ?, ?, ?, ?)', own, ...row)
      })
    },
    signedAlone(role, peer, sessionId) {
      const sql = `SELECT record FROM signed_record WHERE ${KEY} AND by_both = 0`
      const row = store.get(sql, own, role, peer, sessionId)
      return row && signedRecord.parse(JSON.parse(text(row, 'record')))
    },
    list: (limit) =>
      store
        .all(
          `SELECT session.*, both.record AS by_both, alone.record AS alone FROM session
           LEFT JOIN signed_record AS both ON ${sameSession('both')} AND both.by_both = 1
           LEFT JOIN signed_record AS alone ON ${sameSession('alone')} AND alone.by_both = 0
           WHERE session.identity = ? ORDER BY started_at_ms DESC LIMIT ?`,
          own,
          limit,
        )
        .map(toRecord),
    closeOrphans() {
      store.run(
        `UPDATE session SET ended_by = 'shutdown', ended_at_ms = started_at_ms + duration_ms
         WHERE identity = ? AND ended_by IS NULL`,
        own,
      )
    },
  }
}

function toRecord(row: Row): SessionRecord {
  const endedAtMs = optionalInt(row, 'ended_at_ms')
  const end = optionalText(row, 'ended_by')
  const country = optionalText(row, 'country')
  const program = optionalText(row, 'program')
  const byBoth = signed(row, 'by_both')
  const alone = signed(row, 'alone')
  return {
    sessionId: text(row, 'session_id'),
    role: text(row, 'role') as SessionRecord['role'],
    peer: identity(row, 'peer'),
    serial: int(row, 'serial'),
    serviceType: text(row, 'service_type') as ServiceTypeName,
    startedAtMs: int(row, 'started_at_ms'),
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
    ...(end === undefined ? {} : { end: end as SessionEnd }),
    metering: {
      cost: big(row, 'cost'),
      bytesUp: big(row, 'bytes_up'),
      bytesDown: big(row, 'bytes_down'),
      durationMs: int(row, 'duration_ms'),
    },
    ...(country === undefined ? {} : { country }),
    ...(program === undefined ? {} : { program }),
    ...((byBoth || alone) && { signed: { ...(byBoth && { byBoth }), ...(alone && { alone }) } }),
  }
}

function signed(row: Row, column: string): SignedRecord | undefined {
  const json = optionalText(row, column)
  return json === undefined ? undefined : signedRecord.parse(JSON.parse(json))
}
