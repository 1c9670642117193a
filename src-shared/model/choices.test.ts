import { isIP } from 'node:net'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { isResolver } from './choices.ts'

it('takes addresses that are reached through a tunnel, and none of the local network', () => {
  for (const text of ['default', '9.9.9.9', '203.0.113.53', '2620:fe::fe', '2606:4700:4700:0:0:0:0:1111']) {
    expect(isResolver(text), text).toBe(true)
  }
  for (const text of ['192.168.1.1', '10.0.0.1', '127.0.0.53', 'fe80::1', '::1', '::ffff:9.9.9.9', '2002:a00:1::1']) {
    expect(isResolver(text), text).toBe(false)
  }
})

it('takes nothing that is no address', () => {
  for (const text of ['9..', '9.9', '9.9.9.9.', '9.9.9.256', '09.9.9.9', '9.9.9.9/24', '2620:fe::fe%eth0']) {
    expect(isResolver(text), text).toBe(false)
  }
  const pieces = fc.constantFrom(
    '9',
    '1',
    '255',
    '256',
    '0x7',
    '01',
    '.',
    ':',
    '::',
    '2',
    'fe80',
    '%eth0',
    ']',
    '@',
    '/',
    ' ',
  )
  const text = fc.array(pieces, { maxLength: 9 }).map((all) => all.join(''))
  fc.assert(
    fc.property(fc.oneof(text, fc.string(), fc.ipV4Extended()), (any) => {
      if (isResolver(any) && any !== 'default') expect(isIP(any), any).not.toBe(0)
    }),
    { numRuns: 20_000 },
  )
})

it('knows every address that the system knows', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const isGlobal = /^[23][0-9a-f]{3}:/i.test(address) && !address.startsWith('2002:')
      expect(isResolver(address)).toBe(isGlobal)
    }),
  )
})
