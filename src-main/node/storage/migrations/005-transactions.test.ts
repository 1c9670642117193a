import { describe, expect, it } from 'vitest'

import { migrate } from '../migrate.ts'
import { openStore } from '../open-store.ts'
import { chain } from './001-chain.ts'
import { proposals } from './002-proposals.ts'
import { ledger } from './003-ledger.ts'
import { sessions } from './004-sessions.ts'
import { transactions } from './005-transactions.ts'

const before = [chain, proposals, ledger, sessions]

describe('migration 005', () => {
  it('adds the journal of transactions, and their hash to account events, as released', () => {
    const store = openStore(':memory:')
    const columns = () =>
      store
        .all(
          `SELECT m.name || '.' || c.name || ' ' || c.type AS line FROM sqlite_schema m, pragma_table_info(m.name) c
           WHERE m.type = 'table' ORDER BY m.name, c.cid`,
        )
        .map((row) => row.line)
    migrate(store, before)
    const old = new Set(columns())
    migrate(store, [...before, transactions])
    expect(columns().filter((line) => !old.has(line))).toMatchInlineSnapshot(`
      [
        "account_event.transaction_hash TEXT",
        "sent_transaction.id INTEGER",
        "sent_transaction.chain TEXT",
        "sent_transaction.gas_address TEXT",
        "sent_transaction.nonce INTEGER",
        "sent_transaction.what TEXT",
        "sent_transaction.intent TEXT",
        "sent_transaction.most_per_gas TEXT",
        "sent_transaction.state TEXT",
        "sent_transaction.told INTEGER",
        "sent_transaction.hash TEXT",
        "sent_transaction.block_number INTEGER",
        "sent_transaction.gas_paid TEXT",
        "sent_transaction.message TEXT",
        "sent_transaction.created_at_ms INTEGER",
        "sent_transaction.updated_at_ms INTEGER",
        "signed_transaction.id INTEGER",
        "signed_transaction.sent_id INTEGER",
        "signed_transaction.hash TEXT",
        "signed_transaction.raw TEXT",
      ]
    `)
  })

  it('begins the copy of the chain anew, and keeps what is no copy', () => {
    const store = openStore(':memory:')
    migrate(store, before)
    store.run("INSERT INTO block VALUES (1, '0x01', 0)")
    store.run("INSERT INTO registration VALUES ('0xa', x'04', '1', 1, 0)")
    store.run("INSERT INTO account_event VALUES ('0xa', 1, 1, 'deposit', '5', NULL, NULL, NULL)")
    store.run("INSERT INTO account VALUES ('0xa', '5', NULL, NULL, NULL)")
    store.run("INSERT INTO cleared_serial VALUES ('0xa', '0xb', '3')")
    store.run("INSERT INTO own_proposal VALUES ('0xa', 0, 'socks', '{}', 1, x'01', 1)")
    store.run("INSERT INTO earned VALUES ('0xa', '2026-01-01', '7')")
    migrate(store, [...before, transactions])
    for (const table of ['block', 'registration', 'account_event', 'account', 'cleared_serial']) {
      expect(store.all(`SELECT * FROM ${table}`), table).toEqual([])
    }
    expect(store.all('SELECT provider FROM own_proposal')).toHaveLength(1)
    expect(store.all('SELECT amount FROM earned')).toHaveLength(1)
  })

  it('lets every signed form go with what it was for', () => {
    const store = openStore(':memory:')
    migrate(store, [...before, transactions])
    store.run(
      "INSERT INTO sent_transaction VALUES (1, '1 0x0', '0xa', 0, 'deposit', 'deposit', '1', 'pending', 0, NULL, NULL, NULL, NULL, 1, 1)",
    )
    store.run("INSERT INTO signed_transaction VALUES (1, 1, '0x01', '0x02')")
    expect(() => store.run("INSERT INTO signed_transaction VALUES (2, 1, '0x01', '0x02')")).toThrow(/UNIQUE/)
    expect(() => store.run("INSERT INTO signed_transaction VALUES (2, 7, '0x03', '0x02')")).toThrow(/FOREIGN KEY/)
    store.run('DELETE FROM sent_transaction')
    expect(store.all('SELECT * FROM signed_transaction')).toEqual([])
  })
})
