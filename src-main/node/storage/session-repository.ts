import type { IdentityId } from '#shared/model/identity.ts'
import type { ServiceTypeName } from '#shared/model/proposal.ts'
import type { SessionEnd, SessionRecord } from '#shared/model/session.ts'

import type { Row, Store } from '../ports/store.ts'
import { big, identity, int, optionalInt, optionalText, text } from './columns.ts'

/** Records of one identity's sessions, on both sides. */
export type SessionRepository = {
  /** Writes the record as it is now; an ended one never changes again. */
  save(record: SessionRecord): void
  /** Newest first. */
  list(limit: number): SessionRecord[]
  /** At start-up, after a crash: what was open has ended; when, nobody knows better than its last metering. */
  closeOrphans(): void
}

export function createSessionRepository(store: Store, own: IdentityId): SessionRepository {
  return {
    save(record) {
      const { metering } = record
      store.run(
        `INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET ended_at_ms = excluded.ended_at_ms, ended_by = excluded.ended_by,
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
      )
    },
    list: (limit) =>
      store
        .all('SELECT * FROM session WHERE identity = ? ORDER BY started_at_ms DESC LIMIT ?', own, limit)
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
  }
}
