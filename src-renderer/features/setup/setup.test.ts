import { describe, expect, it } from 'vitest'
import { createStore } from 'zustand/vanilla'
import type { AppState } from '#shared/contract/state.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { MYST } from '#shared/model/units.ts'
import { READY } from '../../gallery/fixtures.ts'
import type { Mirror } from '../../store/mirror.ts'
import type { NodeParts } from '../../store/node-context.tsx'
import { passphraseStrength } from '../../ui/passphrase-strength.ts'
import { FIRST_DEPOSIT, fundAndRegister } from './funding.ts'

describe('passphrase strength', () => {
  it.each([
    ['', 0],
    ['short', 0],
    ['aaaaaaaaaaaa', 0],
    ['password1', 0],
    ['12345678', 0],
    ['copper lantern field', 3],
    ['vV7!qa9#Lm2$', 2],
  ])('%j is %i', (text, strength) => {
    expect(passphraseStrength(text)).toBe(strength)
  })

  it('grows with every word', () => {
    const words = ['horse bat', 'horse battery', 'horse battery staple'].map(passphraseStrength)
    expect(words).toEqual([1, 2, 3])
  })
})

/** A node that does what it is told, and confirms when the test says so. */
function node(start: Partial<AppState['wallet']>, registration: AppState['identity']['registration'] = 'unregistered') {
  const mirror = createStore<Mirror>(() => ({
    link: 'open',
    app: {
      ...READY,
      identity: { ...READY.identity, registration },
      wallet: { ...READY.wallet, balance: 0n, undeposited: 0n, gas: 0n, ...start },
    },
  }))
  const asked: string[] = []
  const set = (wallet: Partial<AppState['wallet']>, identity: Partial<AppState['identity']> = {}) => {
    const { app } = mirror.getState()
    if (app) {
      mirror.setState({
        app: { ...app, wallet: { ...app.wallet, ...wallet }, identity: { ...app.identity, ...identity } },
      })
    }
  }
  const actions: Record<string, (input: { amount?: bigint }) => void> = {
    'wallet.faucet': ({ amount = 0n }) => set({ undeposited: amount, gas: 1n }),
    'identity.register': () => set({ undeposited: FIRST_DEPOSIT }, { registration: 'registered' }),
    'wallet.deposit': ({ amount = 0n }) => set({ undeposited: 0n, balance: amount }),
  }
  const bridge = {
    command: async (name: string, input: { amount?: bigint }) => {
      asked.push(input.amount === undefined ? name : `${name} ${input.amount / MYST}`)
      actions[name]?.(input)
      return null
    },
  } as unknown as NodeParts['bridge']
  return { mirror, bridge, asked, actions, set }
}

describe('fund and register', () => {
  it('does all three on a test network with one call', async () => {
    const { mirror, bridge, asked } = node({})
    const tasks: string[] = []
    await fundAndRegister({ bridge, mirror, onTask: (task) => tasks.push(task) }, { faucet: true })
    expect(asked).toEqual(['wallet.faucet 30', 'identity.register', 'wallet.deposit 20'])
    expect(tasks).toEqual(['faucet', 'register', 'deposit'])
  })

  it('goes on where it stopped', async () => {
    const { mirror, bridge, asked } = node({ undeposited: FIRST_DEPOSIT, gas: 1n }, 'registered')
    await fundAndRegister({ bridge, mirror, onTask: () => {} }, { faucet: true })
    expect(asked).toEqual(['wallet.deposit 20'])
  })

  it('deposits all of what is left where money is real', async () => {
    const { mirror, bridge, asked, actions, set } = node({ undeposited: 35n * MYST, gas: 1n })
    actions['identity.register'] = () => set({ undeposited: 25n * MYST }, { registration: 'registered' })
    await fundAndRegister({ bridge, mirror, onTask: () => {} }, { faucet: false })
    expect(asked).toEqual(['identity.register', 'wallet.deposit 25'])
  })

  it('waits for the chain and says why it refused', async () => {
    const { mirror, bridge, actions, set } = node({ undeposited: 35n * MYST, gas: 1n })
    actions['identity.register'] = () => set({ transaction: { what: 'register', state: 'pending' } })
    const going = fundAndRegister({ bridge, mirror, onTask: () => {} }, { faucet: false })
    const outcome = going.then(
      () => 'done',
      (error: unknown) => (error instanceof MystError ? error.message : 'other'),
    )
    await Promise.resolve()
    set({ transaction: { what: 'register', state: 'failed', message: 'The fee went up; try again.' } })
    expect(await outcome).toBe('The fee went up; try again.')
  })
})
