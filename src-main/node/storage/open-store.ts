import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

import { MystError } from '#shared/errors/myst-error.ts'

import type { Row, Store, StoreValue } from '../ports/store.ts'

/** Long enough for another process of the same user to finish a transaction, short enough to notice a hang. */
const BUSY_TIMEOUT_MS = 5_000

/**
 * Opens (or makes) the node's one sqlite file, readable by its owner only. WAL with synchronous=FULL:
 * a write has reached the disk when the call returns. Call `migrate` before anything else.
 * Throws `StoreUnusable` when the file cannot be opened or is not a database.
 */
export function openStore(path: string | ':memory:'): Store {
  const database = open(path)
  const statements = new Map<string, StatementSync>()
  let depth = 0

  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql)
    if (known) return known
    const statement = database.prepare(sql)
    // node:sqlite compiles the first statement and drops what follows without a word.
    if (stripEnd(statement.sourceSQL) !== stripEnd(sql)) {
      throw new MystError('StoreMisused', 'A store call carries exactly one SQL statement.')
    }
    statement.setReadBigInts(true)
    statements.set(sql, statement)
    return statement
  }

  const transaction = <T>(work: () => T): T => {
    // A nested call is a savepoint: it commits with the outer one, and takes back only its own work when it throws.
    const name = `nested_${depth}`
    if (depth > 0 && !database.isTransaction) {
      throw new MystError('StoreMisused', 'The transaction is over; an error inside has ended it.')
    }
    prepare(depth === 0 ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${name}`).run()
    depth++
    let result: T
    try {
      result = work()
      if (result instanceof Promise) {
        throw new MystError('StoreMisused', 'A transaction is synchronous; its work must not be a promise.')
      }
    } catch (error) {
      depth--
      // sqlite ends the transaction on its own after some errors (a full disk); then there is nothing to take back.
      if (database.isTransaction) {
        database.exec(depth === 0 ? 'ROLLBACK' : `ROLLBACK TO ${name}; RELEASE ${name}`)
      }
      throw error
    }
    depth--
    try {
      prepare(depth === 0 ? 'COMMIT' : `RELEASE ${name}`).run()
    } catch (error) {
      // A commit that fails may leave the transaction open, and everything after would be lost with it.
      if (depth === 0 && database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
    return result
  }

  return {
    run: (sql, ...params) => ({ changes: Number(prepare(sql).run(...params).changes) }),
    get: (sql, ...params) => {
      const row = prepare(sql).get(...params)
      return row === undefined ? undefined : toRow(row)
    },
    all: (sql, ...params) =>
      prepare(sql)
        .all(...params)
        .map(toRow),
    transaction,
    close() {
      statements.clear()
      if (database.isOpen) database.close()
    },
  }
}

function open(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      // Made by us first: sqlite gives the -wal and -shm files the rights of the main file.
      closeSync(openSync(path, 'a', 0o600))
      chmodSync(path, 0o600)
    }
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    return database
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MystError('StoreUnusable', `The node's database ${path} cannot be opened: ${why}.`, { cause })
  }
}

/** The source text of a statement ends at its semicolon. */
function stripEnd(sql: string): string {
  return sql.trim().replace(/;$/, '').trimEnd()
}

function toRow(raw: Record<string, unknown>): Row {
  const row: Row = {}
  for (const [column, value] of Object.entries(raw)) row[column] = toValue(value)
  return row
}

function toValue(value: unknown): StoreValue {
  if (typeof value === 'bigint') {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
  }
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value
  if (value instanceof Uint8Array) return value
  throw new MystError('StoreMisused', 'The database returned a value of a kind it does not know.')
}
