import * as ethers from 'ethers'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ethereumAddress } from '../contract/ethereum-address.ts'

const anyAddress = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .filter((bytes) => bytes.some((byte) => byte !== 0))
  .map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`)

describe('an Ethereum address', () => {
  it('is taken in lower case, in upper case, and with its checksum', () => {
    fc.assert(
      fc.property(anyAddress, (lower) => {
        const upper = `0x${lower.slice(2).toUpperCase()}`
        for (const text of [lower, upper, ethers.getAddress(lower), ` ${lower}\n`]) {
          expect(ethereumAddress.parse(text)).toBe(lower)
        }
      }),
    )
  })

  it('is refused with a letter in the wrong case, as ethers does', () => {
    fc.assert(
      fc.property(anyAddress, fc.nat(39), (lower, at) => {
        const right = ethers.getAddress(lower)
        const letter = right.charAt(at + 2)
        const other = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()
        const wrong = `${right.slice(0, at + 2)}${other}${right.slice(at + 3)}`
        expect(ethereumAddress.safeParse(wrong).success).toBe(ethers.isAddress(wrong))
      }),
    )
    expect(() => ethereumAddress.parse('0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed')).toThrow(/checksum/)
  })

  it('is refused in one sentence when it is something else', () => {
    for (const text of [
      '',
      '0x',
      '0x12',
      `0x${'g'.repeat(40)}`,
      `0X${'a'.repeat(40)}`,
      'vitalik.eth',
      'a'.repeat(40),
    ]) {
      expect(() => ethereumAddress.parse(text), text).toThrow(/40 hexadecimal digits/)
    }
    expect(() => ethereumAddress.parse(`0x${'0'.repeat(40)}`)).toThrow(/zero address/)
    expect(() => ethereumAddress.parse('a'.repeat(1_000_000))).toThrow()
  })
})
