import { afterEach, beforeEach, expect } from 'vitest'

/**
 * For the tests of one `describe` that begin where the one before ended: when one failed, the rest is not run. What went
 * wrong in the pages fails a test as well, except for what was excused.
 */
export function inOrder(problems: () => readonly string[]): {
  /** What went wrong so far was meant, such as requests to a node that a test has ended. */
  excuse(): void
  /** From here on there is no node that could answer. */
  excuseTheRest(): void
} {
  let stuck = false
  let excused = 0
  beforeEach((context) => context.skip(stuck))
  afterEach(({ task }) => {
    stuck ||= task.result?.state === 'fail'
    expect(problems().slice(excused)).toEqual([])
  })
  return {
    excuse() {
      excused = problems().length
    },
    excuseTheRest() {
      excused = Number.POSITIVE_INFINITY
    },
  }
}
