import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from './wire.ts'

describe('the wire', () => {
  it('carries amounts and plain data there and back', () => {
    const value = { amount: 10n ** 30n, list: [1n, -5n], text: '123n', nested: { none: null } }
    expect(decode(encode(value))).toEqual(value)
  })

  it('never makes a number of a text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(decode(encode({ text }))).toEqual({ text })
      }),
    )
  })

  it('makes a property of every name, and changes no prototype', () => {
    const decoded = decode('{"__proto__":{"$bigint":"5"},"list":[[{"$bigint":"6"}]]}') as Record<string, unknown>
    expect(Object.getOwnPropertyDescriptor(decoded, '__proto__')?.value).toBe(5n)
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype)
    expect(decoded.list).toEqual([[6n]])
  })

  it('takes no nonsense for an amount', () => {
    expect(decode('{"$bigint":"1e9"}')).toBeNull()
    expect(decode(`{"$bigint":"${'9'.repeat(100)}"}`)).toBeNull()
  })
})
