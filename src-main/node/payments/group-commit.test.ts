import { afterEach, describe, expect, it } from 'vitest'

import type { Store } from '../ports/store.ts'
import { openStore } from '../storage/open-store.ts'
import { createGroupCommit } from './group-commit.ts'

const stores: Store[] = []
afterEach(() => {
  for (const store of stores.splice(0)) store.close()
})

function setUp() {
  const store = openStore(':memory:')
  stores.push(store)
  store.run('CREATE TABLE thing (name TEXT PRIMARY KEY, parent TEXT REFERENCES thing DEFERRABLE INITIALLY DEFERRED)')
  const events: string[] = []
  let depth = 0
  /** Tells of commits, those of the store's own transactions. */
  const atomically = <T>(work: () => T): T => {
    depth++
    try {
      return store.transaction(work)
    } finally {
      depth--
      if (depth === 0) events.push('transaction')
    }
  }
  const commits = createGroupCommit(atomically, () => void events.push('changed'))
  const join = (name: string, work: () => void = () => void store.run('INSERT INTO thing VALUES (?, NULL)', name)) =>
    commits
      .join(
        () => {
          work()
          return name
        },
        (result) => void events.push(`committed ${result}`),
      )
      .then(
        (result) => void events.push(`answered ${result}`),
        (error: Error) => void events.push(`failed ${name}: ${error.message}`),
      )
  const names = () => store.all('SELECT name FROM thing ORDER BY name').map(({ name }) => name)
  return { store, events, join, names }
}

describe('a group commit', () => {
  it('writes what comes up in one turn in one transaction, and answers nobody before it', async () => {
    const { events, join, names } = setUp()
    await Promise.all([join('a'), Promise.resolve().then(() => join('b'))])
    expect(events).toEqual(['transaction', 'committed a', 'committed b', 'changed', 'answered a', 'answered b'])
    await join('c')
    expect(events.slice(6)).toEqual(['transaction', 'committed c', 'changed', 'answered c'])
    expect(names()).toEqual(['a', 'b', 'c'])
  })

  it('lets each see what those before it have written', async () => {
    const { join, names, events } = setUp()
    await Promise.all([
      join('a'),
      join('b', () => {
        expect(names()).toEqual(['a'])
      }),
    ])
    expect(events).toContain('answered b')
  })

  it('takes back what one has written that fails, and nothing of the others', async () => {
    const { store, events, join, names } = setUp()
    const bad = () => {
      store.run("INSERT INTO thing VALUES ('half', NULL)")
      throw new Error('no')
    }
    await Promise.all([join('a'), join('bad', bad), join('b')])
    expect(names()).toEqual(['a', 'b'])
    expect(events).toEqual([
      'transaction', // of all three, taken back
      ...['transaction', 'committed a', 'changed', 'transaction', 'transaction', 'committed b', 'changed'],
      ...['answered a', 'failed bad: no', 'answered b'],
    ])
  })

  it('does the others again alone when one has ended the transaction', async () => {
    const { store, events, join, names } = setUp()
    const ends = () => void store.run("INSERT OR ROLLBACK INTO thing VALUES ('a', NULL)")
    await Promise.all([join('a'), join('ends', ends), join('b')])
    expect(names()).toEqual(['a', 'b'])
    expect(events.filter((event) => event.startsWith('answered'))).toEqual(['answered a', 'answered b'])
    expect(events.filter((event) => event.startsWith('failed'))).toEqual([
      'failed ends: UNIQUE constraint failed: thing.name',
    ])
  })

  it('does the others again alone when the commit itself fails because of one', async () => {
    const { store, events, join, names } = setUp()
    const orphan = () => void store.run("INSERT INTO thing VALUES ('orphan', 'nobody')")
    await Promise.all([join('a'), join('orphan', orphan), join('b')])
    expect(names()).toEqual(['a', 'b'])
    expect(events.filter((event) => event.startsWith('failed'))).toEqual([
      'failed orphan: FOREIGN KEY constraint failed',
    ])
    expect(events.filter((event) => event.startsWith('answered'))).toEqual(['answered a', 'answered b'])
  })
})
