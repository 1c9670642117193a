import { expect, it } from 'vitest'
import { fixtureId, ME, NETWORK } from '../../gallery/fixtures.ts'
import { readRecipient } from './recipient.ts'

const { token, paymentAccounts } = NETWORK.contracts
const known = { own: [ME, fixtureId(2)], contracts: Object.values(NETWORK.contracts) }
const upper = (address: string) => `0x${address.slice(2).toUpperCase()}`

it.each([
  ['0x12', 'malformed'],
  [ME, 'own-identity'],
  [upper(fixtureId(2)), 'own-identity'],
  [token, 'contract'],
  [upper(paymentAccounts), 'contract'],
])('refuses %s as %s', (text, problem) => {
  expect(readRecipient(text, known)).toEqual({ problem })
})

it('takes any other address', () => {
  expect(readRecipient(` ${fixtureId(3)} `, known)).toEqual({ address: fixtureId(3) })
})
