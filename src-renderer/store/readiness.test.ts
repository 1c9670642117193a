import { expect, it } from 'vitest'
import { ME, READY } from '../gallery/fixtures.ts'
import { readiness } from './readiness.ts'

it('names the nearest thing that is missing', () => {
  const { identity, wallet } = READY
  const nobody = { all: [], unlocked: false, registration: 'unknown' as const }
  expect(readiness({ identity: nobody, wallet })).toBe('no-identity')
  expect(readiness({ identity: { ...identity, unlocked: false }, wallet })).toBe('locked')
  // As it stands at the start, before anybody chose one.
  expect(readiness({ identity: { ...nobody, all: identity.all }, wallet })).toBe('locked')
  expect(readiness({ identity: { ...identity, all: [{ id: ME, backedUp: false }] }, wallet })).toBe('not-backed-up')
  // A backup under the passphrase of before opens with that one; nothing has to be set up again.
  const all = [{ id: ME, backedUp: false, backedUpBefore: true as const }]
  expect(readiness({ identity: { ...identity, all }, wallet })).toBe('ready')
  expect(readiness({ identity: { ...identity, registration: 'registering' }, wallet })).toBe('not-registered')
  expect(readiness({ identity, wallet: { ...wallet, balance: 0n } })).toBe('no-balance')
  expect(readiness({ identity, wallet })).toBe('ready')
})
