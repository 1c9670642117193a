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
