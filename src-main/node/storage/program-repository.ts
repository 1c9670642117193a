import type { ProgramTerms } from '#shared/contract/programs.ts'
import type { MeteringUnit } from '#shared/model/proposal.ts'
import type { Amount } from '#shared/model/units.ts'

import type { Row, Store, StoreValue } from '../ports/store.ts'
import { big, int, optionalInt, optionalText, text } from './columns.ts'

export type Program = {
  id: string
  name: string
  budget: Amount
  /** By sessions that are over. */
  spent: Amount
  /** The most that the session which runs may come to. */
  reserved: Amount
  socksPort: number
  country?: string
  maxPricePerUnit?: Amount
  unit?: MeteringUnit
  createdAtMs: number
  keyHash?: string
  keyHint?: string
  lastUsedAtMs?: number
}

/** Every call is on disk when it returns. What names no program does nothing: it may have been removed meanwhile. */
export type ProgramRepository = {
  /** Oldest first. */
  all(): Program[]
  find(id: string): Program | undefined
  add(program: Pick<Program, 'id' | 'name' | 'budget' | 'socksPort' | 'createdAtMs'>): void
  /** What is named; null takes a wish back. */
  change(id: string, terms: { [name in keyof ProgramTerms]?: ProgramTerms[name] | undefined }): void
  remove(id: string): void
  setKey(id: string, key: { hash: string; hint: string } | undefined): void
  used(id: string, atMs: number): void
  /** Takes from the budget what may be spent from now on; false, and nothing taken, when so much is not left. */
  reserve(id: string, amount: Amount): boolean
  /** The session is over: what it came to instead of what was reserved for it. */
  settle(id: string, spent: Amount): void
  /** At the start: nobody knows what became of what was reserved by a program that was killed, so all of it is spent. */
  settleOrphans(): void
}

const COLUMNS = {
  name: 'name',
  budget: 'budget',
  country: 'country',
  maxPricePerUnit: 'max_price',
  unit: 'unit',
  socksPort: 'socks_port',
} as const satisfies { [name in keyof ProgramTerms]-?: string }

export function createProgramRepository(store: Store): ProgramRepository {
  const find = (id: string) => {
    const row = store.get('SELECT * FROM program WHERE id = ?', id)
    return row && toProgram(row)
  }
  const spend = (id: string, spent: Amount, reserved: Amount) =>
    store.run('UPDATE program SET spent = ?, reserved = ? WHERE id = ?', spent.toString(), reserved.toString(), id)
  const all = () => store.all('SELECT * FROM program ORDER BY created_at_ms, id').map(toProgram)

  return {
    all,
    find,
    add({ id, name, budget, socksPort, createdAtMs }) {
      store.run(
        'INSERT INTO program (id, name, budget, socks_port, created_at_ms) VALUES (?, ?, ?, ?, ?)',
        ...[id, name, budget.toString(), socksPort, createdAtMs],
      )
    },
    change(id, terms) {
      store.transaction(() => {
        for (const name of Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]) {
          const value = terms[name]
          if (value === undefined) continue
          const kept: StoreValue = typeof value === 'bigint' ? value.toString() : value
          store.run(`UPDATE program SET ${COLUMNS[name]} = ? WHERE id = ?`, kept, id)
        }
      })
    },
    remove(id) {
      store.run('DELETE FROM program WHERE id = ?', id)
    },
    setKey(id, key) {
      store.run(
        'UPDATE program SET key_hash = ?, key_hint = ?, last_used_at_ms = NULL WHERE id = ?',
        ...[key?.hash ?? null, key?.hint ?? null, id],
      )
    },
    used(id, atMs) {
      store.run('UPDATE program SET last_used_at_ms = ? WHERE id = ?', atMs, id)
    },
    reserve: (id, amount) =>
      store.transaction(() => {
        const program = find(id)
        if (!program || program.spent + program.reserved + amount > program.budget) return false
        spend(id, program.spent, program.reserved + amount)
        return true
      }),
    settle(id, spent) {
      store.transaction(() => {
        const program = find(id)
        if (program) spend(id, program.spent + spent, 0n)
      })
    },
    settleOrphans() {
      store.transaction(() => {
        for (const { id, spent, reserved } of all()) if (reserved > 0n) spend(id, spent + reserved, 0n)
      })
    },
  }
}

function toProgram(row: Row): Program {
  const known = <T>(name: keyof Program, value: T | undefined) => (value === undefined ? {} : { [name]: value })
  const maxPrice = optionalText(row, 'max_price')
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    budget: big(row, 'budget'),
    spent: big(row, 'spent'),
    reserved: big(row, 'reserved'),
    socksPort: int(row, 'socks_port'),
    createdAtMs: int(row, 'created_at_ms'),
    ...known('country', optionalText(row, 'country')),
    ...known('maxPricePerUnit', maxPrice === undefined ? undefined : BigInt(maxPrice)),
    ...known('unit', optionalText(row, 'unit') as MeteringUnit | undefined),
    ...known('keyHash', optionalText(row, 'key_hash')),
    ...known('keyHint', optionalText(row, 'key_hint')),
    ...known('lastUsedAtMs', optionalInt(row, 'last_used_at_ms')),
  }
}
