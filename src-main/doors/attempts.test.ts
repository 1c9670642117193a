import { expect, it } from 'vitest'
import { createAttempts } from './attempts.ts'

it('lets a person mistype, and makes whoever guesses wait longer and longer', () => {
  let atMs = 0
  const attempts = createAttempts(() => atMs)
  for (let n = 0; n < 5; n++) expect(attempts.begin()).toBeUndefined()
  const waits: number[] = []
  for (let n = 0; n < 12; n++) {
    const waitMs = attempts.begin() ?? 0
    waits.push(waitMs / 1_000)
    // Asking again while it waits costs and brings nothing.
    atMs += waitMs - 1
    expect(attempts.begin()).toBe(1)
    atMs += 1
    expect(attempts.begin()).toBeUndefined()
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])

  expect(attempts.begin()).toBe(300_000)
  attempts.succeeded()
  for (let n = 0; n < 5; n++) expect(attempts.begin()).toBeUndefined()
  expect(attempts.begin()).toBe(1_000)
})
