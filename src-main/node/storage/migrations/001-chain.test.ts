import { describe, expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { chain } from './001-chain.ts'

function migrated() {
  const store = openStore(':memory:')
  migrate(store, [chain])
  return store
}

describe('migration 001', () => {
  it('makes the tables of what is copied from the chain, as released', () => {
    const columns = migrated().all(
      `SELECT m.name || '.' || c.name || ' ' || c.type AS line FROM sqlite_schema m, pragma_table_info(m.name) c
       WHERE m.type = 'table' AND m.name <> 'migration' ORDER BY m.name, c.cid`,
    )
    expect(columns.map((row) => row.line)).toMatchInlineSnapshot(`
      [
        "account.identity TEXT",
        "account.balance TEXT",
        "account.withdrawal_amount TEXT",
        "account.withdrawal_to TEXT",
        "account.withdrawal_executable_at INTEGER",
        "account_event.identity TEXT",
        "account_event.block_number INTEGER",
        "account_event.log_index INTEGER",
        "account_event.part TEXT",
        "account_event.amount TEXT",
        "account_event.peer TEXT",
        "account_event.serial TEXT",
        "account_event.executable_at INTEGER",
        "block.number INTEGER",
        "block.hash TEXT",
        "block.empty INTEGER",
        "cleared_serial.issuer TEXT",
        "cleared_serial.benefiter TEXT",
        "cleared_serial.serial TEXT",
        "deployment.id INTEGER",
        "deployment.name TEXT",
        "registration.identity TEXT",
        "registration.public_key BLOB",
        "registration.value TEXT",
        "registration.block_number INTEGER",
        "registration.log_index INTEGER",
      ]
    `)
  })

  it('lets everything go with its block', () => {
    const store = migrated()
    store.run("INSERT INTO block VALUES (1, '0x01', 0)")
    store.run("INSERT INTO registration VALUES ('0xa', x'04', '1', 1, 0)")
    store.run("INSERT INTO account_event VALUES ('0xa', 1, 1, 'deposit', '5', NULL, NULL, NULL)")
    expect(() => store.run("INSERT INTO account_event VALUES ('0xa', 1, 1, 'gift', '5', NULL, NULL, NULL)")).toThrow(
      /CHECK/,
    )
    store.run('DELETE FROM block')
    expect(store.all('SELECT * FROM registration')).toEqual([])
    expect(store.all('SELECT * FROM account_event')).toEqual([])
  })
})
