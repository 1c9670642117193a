import { expect, it } from 'vitest'
import { MYST } from '#shared/model/units.ts'
import { m } from '../../messages/index.ts'
import { readTyped } from './amount-field.tsx'

it.each(['0', '0.0', '-5', '−0,5'])('says of %j that it has to be more than nothing', (text) => {
  expect(readTyped(text, MYST)).toEqual({ error: m.wallet.amountZero })
})

it('tells what is no number from what is too much, and takes the rest', () => {
  expect(readTyped('-', MYST)).toEqual({ error: m.wallet.amountBad })
  expect(readTyped('lots', MYST)).toEqual({ error: m.wallet.amountBad })
  expect(readTyped('1.5', MYST)).toEqual({ error: m.wallet.amountTooMuch('1\u00a0MYST') })
  expect(readTyped('0,5', MYST)).toEqual({ amount: MYST / 2n })
  expect(readTyped(' ', MYST)).toEqual({ error: undefined })
})
