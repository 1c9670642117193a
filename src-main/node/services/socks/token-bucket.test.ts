import { expect, test } from 'vitest'
import { createManualClock } from '../../testing/manual-clock.ts'
import { createTokenBucket } from './token-bucket.ts'

test('lets a burst go at once and then keeps the rate, first come first served', async () => {
  const clock = createManualClock()
  const bucket = createTokenBucket({ clock, perSecond: 100, burst: 50 })
  expect(bucket.take(50)).toBeUndefined()
  const order: string[] = []
  void bucket.take(100)?.then(() => order.push('first'))
  void bucket.take(10)?.then(() => order.push('second'))
  await clock.advance(990)
  expect(order).toEqual([])
  await clock.advance(20)
  expect(order).toEqual(['first'])
  await clock.advance(100)
  expect(order).toEqual(['first', 'second'])
})

test('a pause earns the burst back and no more', async () => {
  const clock = createManualClock()
  const bucket = createTokenBucket({ clock, perSecond: 100, burst: 50 })
  bucket.take(50)
  await clock.advance(60_000)
  expect(bucket.tryTake(50)).toBe(true)
  expect(bucket.tryTake(1)).toBe(false)
  await clock.advance(10)
  expect(bucket.tryTake(1)).toBe(true)
  expect(bucket.tryTake(1)).toBe(false)
})
