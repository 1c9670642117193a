import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { UpdateState } from '#shared/contract/shell.ts'
import { nextUpdate, type UpdateEvent } from './update-state.ts'

const run = (...events: UpdateEvent[]) => events.reduce<UpdateState>(nextUpdate, { name: 'none' })
const found: UpdateEvent = { name: 'found', version: '2.0.0' }

test('leads from looking to what can be installed', () => {
  expect(run({ name: 'check' })).toEqual({ name: 'checking' })
  expect(run({ name: 'check' }, { name: 'newest' })).toEqual({ name: 'none' })
  expect(run({ name: 'check' }, found)).toEqual({ name: 'available', version: '2.0.0' })
  const downloading = [{ name: 'check' }, found, { name: 'download' }] satisfies UpdateEvent[]
  expect(run(...downloading, { name: 'progress', percent: 41.7 })).toEqual({
    ...{ name: 'downloading', version: '2.0.0', percent: 41 },
  })
  expect(run(...downloading, { name: 'downloaded' })).toEqual({ name: 'ready', version: '2.0.0' })
  expect(run(...downloading, { name: 'failed', message: 'no' }, { name: 'check' }).name).toBe('checking')
})

const events: fc.Arbitrary<UpdateEvent> = fc.oneof(
  fc.constantFrom('check', 'download', 'newest', 'downloaded').map((name) => ({ name }) as UpdateEvent),
  fc.constant(found),
  fc.double({ noNaN: true }).map((percent) => ({ name: 'progress', percent }) as const),
  fc.constant({ name: 'failed', message: 'no' } as const),
)

test('in whatever order: nothing is ready that was not found, asked for and downloaded', () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 40 }), (list) => {
      let state: UpdateState = { name: 'none' }
      for (const event of list) {
        const next = nextUpdate(state, event)
        if (next.name === 'downloading' && state.name !== 'downloading') {
          expect([state.name, event.name]).toEqual(['available', 'download'])
        }
        if (next.name === 'ready' && state.name !== 'ready') {
          expect([state.name, event.name]).toEqual(['downloading', 'downloaded'])
        }
        if (state.name === 'ready') expect(next).toBe(state)
        if (next.name === 'downloading') {
          expect(next.percent).toBeGreaterThanOrEqual(state.name === 'downloading' ? state.percent : 0)
          expect(next.percent).toBeLessThanOrEqual(100)
        }
        state = next
      }
    }),
  )
})
