import { describe, expect, it, vi } from 'vitest'
import type { Handlers } from '#shared/contract/commands.ts'
import { decode, encode } from '#shared/contract/wire.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { callEncoded } from './call.ts'

function handlersWith(some: Partial<Handlers>): Handlers {
  return some as Handlers
}

const ask = async (handlers: Handlers, name: string, input: string) => decode(await callEncoded(handlers, name, input))

describe('a command at a door', () => {
  it('reaches its handler parsed, and its answer comes back', async () => {
    const faucet = vi.fn(async () => ({ undeposited: 7n }))
    const handlers = handlersWith({ 'wallet.faucet': faucet })
    expect(await ask(handlers, 'wallet.faucet', encode({ amount: 5n, extra: 'ignored' }))).toEqual({
      ok: { undeposited: 7n },
    })
    expect(faucet).toHaveBeenCalledWith({ amount: 5n })
  })

  it('is refused when it does not exist, also by the names of what every object has', async () => {
    for (const name of ['', 'fly', 'constructor', '__proto__', 'toString']) {
      expect(await ask(handlersWith({}), name, '{}')).toMatchObject({ error: { name: 'UnknownCommand' } })
    }
  })

  it('is refused with the field when its input does not fit, and the handler never sees it', async () => {
    const faucet = vi.fn(async () => ({ undeposited: 0n }))
    const handlers = handlersWith({ 'wallet.faucet': faucet })
    for (const input of [
      '{',
      '[]',
      '{}',
      '{"amount":5}',
      '{"amount":"5"}',
      encode({ amount: -1n }),
      encode({ amount: 2n ** 129n }),
    ]) {
      expect(await ask(handlers, 'wallet.faucet', input), input).toMatchObject({ error: { name: 'InvalidInput' } })
    }
    expect(await ask(handlers, 'wallet.faucet', '{}')).toMatchObject({ error: { details: { field: 'amount' } } })
    expect(faucet).not.toHaveBeenCalled()
  })

  it('is refused in one sentence when money would go to a mistyped address, or in an amount that is none', async () => {
    const withdraw = vi.fn(async () => ({ transaction: '', gasPaid: 0n, executableAtMs: 0 }))
    const handlers = handlersWith({ 'wallet.withdraw': withdraw })
    const to = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
    const wrong = [
      { amount: 1n, to: to.replace('aA', 'aa'), says: /^to: the checksum of this address is wrong.*\.$/ },
      { amount: 1n, to: `0x${'0'.repeat(40)}`, says: /^to: the zero address.*\.$/ },
      { amount: 1n, to: '0x12', says: /^to: an Ethereum address is .*\.$/ },
      { amount: 0n, to, says: /^amount: the amount must be above 0 MYST\.$/ },
      { amount: -1n, to, says: /^amount: an amount cannot be negative\.$/ },
      { amount: 2n ** 129n, to, says: /^amount: this is more MYST than there can be\.$/ },
      { amount: 'ten', to, says: /^amount: an amount is a whole number of base units of MYST\.$/ },
    ]
    for (const { says, ...input } of wrong) {
      expect(await ask(handlers, 'wallet.withdraw', encode(input))).toMatchObject({
        error: { name: 'InvalidInput', message: expect.stringMatching(says) },
      })
    }
    expect(withdraw).not.toHaveBeenCalled()
    await ask(handlers, 'wallet.withdraw', encode({ amount: 1n, to }))
    expect(withdraw).toHaveBeenCalledWith({ amount: 1n, to: to.toLowerCase() })
  })

  it('answers an expected refusal as data, and a defect without its stack', async () => {
    const handlers = handlersWith({
      'share.stop': async () => {
        throw new MystError('Locked', 'Unlock first.')
      },
      'state.get': async () => {
        throw new TypeError('undefined is not a function')
      },
    })
    expect(await ask(handlers, 'share.stop', '')).toEqual({
      error: { name: 'Locked', message: 'Unlock first.', details: {} },
    })
    expect(JSON.stringify(await ask(handlers, 'state.get', ''))).not.toContain('.ts:')
  })
})
