import { expect, it } from 'vitest'
import { NO_NETWORK, READY, SAFE } from '../gallery/fixtures.ts'
import { takesMoney } from './takes-money.ts'

it('takes money once the network told what it costs', () => {
  expect(takesMoney(SAFE)).toBe(true)
  expect(takesMoney(READY)).toBe(true)
})

it.each([
  ['there is no network', NO_NETWORK],
  ['the chain does not answer', { ...SAFE, network: { ...SAFE.network, chain: 'unreachable' as const } }],
  [
    'nobody knows whether it is paid already',
    { ...SAFE, identity: { ...SAFE.identity, registration: 'unknown' as const } },
  ],
  ['the fee was not read', { ...SAFE, wallet: { ...SAFE.wallet, transactionsLeft: undefined } }],
])('takes none while %s', (_why, state) => {
  expect(takesMoney(state as typeof SAFE)).toBe(false)
})
