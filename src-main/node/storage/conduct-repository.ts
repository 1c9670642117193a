import type { IdentityId } from '#shared/model/identity.ts'
import { MISCONDUCT, type MisconductKind } from '#shared/model/misconduct.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Row, Store } from '../ports/store.ts'
import { big, int, text } from './columns.ts'

/** All that is held against a provider: its gravest or latest kind, and everything together. */
export type Misconduct = { kind: MisconductKind; atMs: number; count: number; lost: Amount }

/** What a peer must have left of ours by its own words; `settled`: no session may have used more of it since. */
export type PeerWord = { leftover: Amount; settled: boolean }

/** How providers behaved towards our money: known to the whole node, whichever of its identities paid. */
export type ConductRepository = {
  /** `held`: all that the provider holds of ours unearned; what was recorded as lost never adds up to more. */
  record(provider: IdentityId, what: { kind: MisconductKind; lost: Amount; held: Amount; atMs: number }): void
  of(provider: IdentityId): Misconduct | undefined
  word(own: IdentityId, peer: IdentityId): PeerWord | undefined
  saveWord(own: IdentityId, peer: IdentityId, word: PeerWord): void
}

export function createConductRepository(store: Store): ConductRepository {
  const rows = (provider: IdentityId) => store.all('SELECT * FROM misconduct WHERE provider = ?', provider).map(toKind)
  return {
    record(provider, { kind, lost, held, atMs }) {
      store.transaction(() => {
        const known = rows(provider)
        const room = known.reduce((left, one) => left - one.lost, held)
        let fresh = room > 0n ? lost : 0n
        if (fresh > room) fresh = room
        const before = known.find((one) => one.kind === kind)
        store.run(
          'INSERT OR REPLACE INTO misconduct VALUES (?, ?, ?, ?, ?)',
          provider,
          kind,
          (before?.count ?? 0) + 1,
          atMs,
          ((before?.lost ?? 0n) + fresh).toString(),
        )
      })
    },
    of(provider) {
      const known = rows(provider).sort((a, b) => (a.lost === b.lost ? b.atMs - a.atMs : a.lost > b.lost ? -1 : 1))
      const [gravest] = known
      return (
        gravest && {
          kind: gravest.kind,
          atMs: Math.max(...known.map(({ atMs }) => atMs)),
          count: known.reduce((sum, { count }) => sum + count, 0),
          lost: known.reduce((sum, { lost }) => sum + lost, 0n),
        }
      )
    },
    word(own, peer) {
      const row = store.get('SELECT * FROM peer_word WHERE identity = ? AND peer = ?', own, peer)
      return row && { leftover: big(row, 'leftover'), settled: int(row, 'settled') === 1 }
    },
    saveWord(own, peer, { leftover, settled }) {
      store.run('INSERT OR REPLACE INTO peer_word VALUES (?, ?, ?, ?)', own, peer, leftover.toString(), settled ? 1 : 0)
    },
  }
}

function toKind(row: Row): Misconduct {
  const kind = text(row, 'kind')
  return {
    // A kind that a later version wrote is still misconduct.
    kind: Object.hasOwn(MISCONDUCT, kind) ? (kind as MisconductKind) : 'wrong-leftover',
    atMs: int(row, 'last_at_ms'),
    count: int(row, 'count'),
    lost: big(row, 'lost'),
  }
}
