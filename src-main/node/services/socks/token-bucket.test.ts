import { expect, test } from 'vitest'
import { createManualClock } from '../../testing/manual-clock.ts'
import { createTokenBucket, inSeries, inTurn } from './token-bucket.ts'

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

test('who waits for a rate of its own keeps nobody from the one that is shared', async () => {
  const clock = createManualClock()
  const shared = createTokenBucket({ clock, perSecond: 100, burst: 10 })
  const slow = inSeries(createTokenBucket({ clock, perSecond: 1, burst: 1 }), shared)
  const order: string[] = []
  for (let ask = 0; ask < 50; ask++) void slow?.take(10)?.then(() => order.push('slow'))
  void shared.take(20)?.then(() => order.push('fast'))
  await clock.advance(200)
  expect(order).toEqual(['fast'])
})

test('a shared rate is shared alike, however much one of its users asks for at once', async () => {
  const clock = createManualClock()
  const shared = createTokenBucket({ clock, perSecond: 100, burst: 10 })
  const [greedy, modest] = [inTurn(shared), inTurn(shared)]
  const taken = { greedy: 0, modest: 0 }
  for (let ask = 0; ask < 100; ask++) void greedy?.take(10)?.then(() => taken.greedy++)
  for (let ask = 0; ask < 10; ask++) void modest?.take(10)?.then(() => taken.modest++)
  for (let step = 0; step < 100; step++) await clock.advance(10)
  expect(taken.greedy + taken.modest).toBeGreaterThanOrEqual(9)
  expect(Math.abs(taken.greedy - taken.modest)).toBeLessThanOrEqual(1)
})
