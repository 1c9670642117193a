import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

import type { Store } from '../ports/store.ts'
import { migrate } from './migrate.ts'
import { openStore } from './open-store.ts'

const folders: string[] = []
const open: Store[] = []

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'myst-store-'))
  folders.push(path)
  return path
}

function opened(path: string): Store {
  const store = openStore(path)
  open.push(store)
  return store
}

afterEach(() => {
  for (const store of open.splice(0)) store.close()
  for (const path of folders.splice(0)) rmSync(path, { recursive: true })
})

describe.each([
  ['memory', () => ':memory:'],
  ['file', () => join(folder(), 'deep', 'node.sqlite')],
])('a store in %s', (_kind, path) => {
  it('gives back every kind of value as it was put in', () => {
    const store = opened(path())
    store.run('CREATE TABLE thing (a TEXT, b INTEGER, c BLOB, d REAL, e TEXT)')
    const money = 123_456_789_012_345_678_901_234_567_890n
    const put = store.run(
      'INSERT INTO thing VALUES (?, ?, ?, ?, ?)',
      'текст',
      7,
      Uint8Array.of(0, 255),
      0.5,
      money.toString(),
    )
    expect(put.changes).toBe(1)
    expect(store.get('SELECT * FROM thing')).toEqual({
      a: 'текст',
      b: 7,
      c: Uint8Array.of(0, 255),
      d: 0.5,
      e: money.toString(),
    })
    expect(store.get('SELECT * FROM thing WHERE b = ?', 8)).toBeUndefined()
  })

  it('gives integers beyond 53 bits back whole', () => {
    const store = opened(path())
    expect(store.get('SELECT ? AS n', 2n ** 62n)).toEqual({ n: 2n ** 62n })
  })

  it('takes a transaction back as a whole when its work throws', () => {
    const store = opened(path())
    store.run('CREATE TABLE thing (a INTEGER)')
    expect(() =>
      store.transaction(() => {
        store.run('INSERT INTO thing VALUES (1)')
        store.transaction(() => store.run('INSERT INTO thing VALUES (2)'))
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(store.all('SELECT * FROM thing')).toEqual([])
  })

  it('takes back only the nested work when the outer one goes on', () => {
    const store = opened(path())
    store.run('CREATE TABLE thing (a INTEGER)')
    store.transaction(() => {
      store.run('INSERT INTO thing VALUES (1)')
      try {
        store.transaction(() => {
          store.run('INSERT INTO thing VALUES (2)')
          throw new Error('no')
        })
      } catch {
        // the outer work decides to go on
      }
      store.run('INSERT INTO thing VALUES (3)')
    })
    expect(store.all('SELECT a FROM thing')).toEqual([{ a: 1 }, { a: 3 }])
  })

  it('takes everything back when the commit fails, and goes on', () => {
    const store = opened(path())
    store.run('CREATE TABLE thing (name TEXT PRIMARY KEY, parent TEXT REFERENCES thing DEFERRABLE INITIALLY DEFERRED)')
    expect(() => store.transaction(() => store.run("INSERT INTO thing VALUES ('orphan', 'nobody')"))).toThrow('FOREIGN')
    store.transaction(() => store.run("INSERT INTO thing VALUES ('good', NULL)"))
    expect(store.all('SELECT name FROM thing')).toEqual([{ name: 'good' }])
  })

  it('begins no nested work when an error has ended the transaction', () => {
    const store = opened(path())
    store.run('CREATE TABLE thing (name TEXT PRIMARY KEY)')
    const put = () => store.run("INSERT OR ROLLBACK INTO thing VALUES ('a')")
    const work = () => {
      put()
      expect(put).toThrow('UNIQUE')
      store.transaction(put)
    }
    expect(() => store.transaction(work)).toThrow('The transaction is over')
    expect(store.all('SELECT name FROM thing')).toEqual([])
  })

  it('refuses work that would run on after the transaction', () => {
    const store = opened(path())
    store.run('CREATE TABLE thing (a INTEGER)')
    expect(() =>
      store.transaction(async () => {
        store.run('INSERT INTO thing VALUES (1)')
      }),
    ).toThrow('synchronous')
    expect(store.all('SELECT * FROM thing')).toEqual([])
  })

  it('refuses two statements in one call instead of dropping the second', () => {
    const store = opened(path())
    expect(() => store.run('CREATE TABLE a (x); CREATE TABLE b (x)')).toThrow('one SQL statement')
  })

  it('enforces foreign keys and their cascades', () => {
    const store = opened(path())
    store.run('CREATE TABLE parent (id INTEGER PRIMARY KEY)')
    store.run('CREATE TABLE child (parent INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE)')
    expect(() => store.run('INSERT INTO child VALUES (1)')).toThrow(/FOREIGN KEY/)
    store.run('INSERT INTO parent VALUES (1)')
    store.run('INSERT INTO child VALUES (1)')
    store.run('DELETE FROM parent')
    expect(store.all('SELECT * FROM child')).toEqual([])
  })

  it('runs each migration once', () => {
    const store = opened(path())
    migrate(store)
    migrate(store)
    const numbers = store.all('SELECT number FROM migration ORDER BY number').map((row) => row.number)
    expect(numbers.slice(0, 2)).toEqual([1, 2])
    expect(new Set(numbers).size).toBe(numbers.length)
  })
})

describe('a store in a file', () => {
  it('is readable by its owner only, its write-ahead log too', () => {
    const path = join(folder(), 'node.sqlite')
    const store = opened(path)
    store.run('CREATE TABLE thing (a INTEGER)')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600)
  })

  it('writes through to the disk before a call returns', () => {
    const store = opened(join(folder(), 'node.sqlite'))
    expect(store.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' })
    expect(store.get('PRAGMA synchronous')).toEqual({ synchronous: 2 })
  })

  it('keeps what was committed for the next opening', () => {
    const path = join(folder(), 'node.sqlite')
    const first = openStore(path)
    first.run('CREATE TABLE thing (a INTEGER)')
    first.run('INSERT INTO thing VALUES (1)')
    first.close()
    first.close()
    expect(opened(path).all('SELECT a FROM thing')).toEqual([{ a: 1 }])
  })

  it('says in one sentence when the file is not a database', () => {
    expect(() => openStore(folder())).toThrow(expect.objectContaining({ name: 'StoreUnusable' }))
  })
})

describe('migrate', () => {
  const table = (name: string) => ({
    number: 1,
    name,
    up: (store: Store) => void store.run(`CREATE TABLE ${name} (x)`),
  })

  it('leaves nothing of a migration that fails', () => {
    const store = opened(':memory:')
    const broken = {
      number: 1,
      name: 'broken',
      up(inner: Store) {
        inner.run('CREATE TABLE half (x)')
        throw new Error('stop')
      },
    }
    expect(() => migrate(store, [broken])).toThrow('stop')
    migrate(store, [table('half')])
    expect(store.all('SELECT name FROM migration')).toEqual([{ name: 'half' }])
  })

  it('does not touch a database of a newer version', () => {
    const store = opened(':memory:')
    migrate(store, [table('one'), { ...table('two'), number: 2 }])
    expect(() => migrate(store, [table('one')])).toThrow(expect.objectContaining({ name: 'StoreTooNew' }))
  })
})
