import { expect, it } from 'vitest'
import { m } from '../../messages/index.ts'
import { endSentence, signedEnd } from './end-sentence.ts'

it('tells of an end in the words of the one who looks at it', () => {
  expect(endSentence('consumer', 'consumer-closed')).toBe(m.activity.endedByYou)
  expect(endSentence('provider', 'consumer-closed')).toBe(m.activity.ends['consumer-closed'])
  expect(endSentence('consumer', 'volume-used-up')).toBe(m.activity.ends['volume-used-up'])
  expect(endSentence('provider', 'volume-used-up')).toBe(m.activity.endsSold['volume-used-up'])
  expect(endSentence('consumer', undefined)).toBe(m.activity.unknownEnd)
})

it('does not say of a record that one ended what broke down on this side', () => {
  const failed = { role: 'consumer', end: 'tunnel-failed' } as const
  expect(signedEnd(failed, 'consumer-closed')).toBe(m.records.closedHere)
  expect(signedEnd({ ...failed, end: 'consumer-closed' }, 'consumer-closed')).toBe(m.activity.endedByYou)
  expect(signedEnd(failed, 'tunnel-failed')).toBe(m.activity.ends['tunnel-failed'])
})
