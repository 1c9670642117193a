import { expect, it } from 'vitest'
import { MYST } from '#shared/model/units.ts'
import { costSentence } from './cost-sentence.ts'

it('says with whom the rest stays: one provider, or those that took over from each other', () => {
  const bill = (holders: number) => ({ used: MYST / 10n, ahead: MYST / 5n, holders })
  const [one, two] = [1, 2].map((holders) => costSentence({ paid: MYST, bill: bill(holders) }))
  expect(one).toMatch(/^You used 0\.1\sMYST\. 0\.2\sMYST paid ahead stay with the provider .* to it again\.$/)
  expect(two).toMatch(/ stay with the providers .* to them again\.$/)
  expect(costSentence({ paid: 0n })).toBe('Nothing was paid.')
})
