import { expect, test } from 'vitest'
import { hashOf, linkIn, parseLink } from './deep-link.ts'

const provider = `0x${'ab'.repeat(20)}` as const
const good = `myst://offer/${provider}/7`

test('names an offer, and where the page asks about it', () => {
  expect(parseLink(good)).toEqual({ provider, serial: 7 })
  expect(hashOf({ provider, serial: 7 })).toBe(`#/connect/${provider}/7`)
})

test('is found among the words that a program was started with', () => {
  expect(linkIn(['/opt/Mysterium/mysterium', '--', good])).toEqual({ provider, serial: 7 })
  expect(linkIn(['/opt/Mysterium/mysterium'])).toBeUndefined()
  // The first decides; one that is refused does not make room for another.
  expect(linkIn(['mysterium', 'myst://connect', good])).toBeUndefined()
})

test.each<[unknown, string]>([
  ['myst://offer', 'no offer'],
  [`myst://offer/${provider}`, 'no serial'],
  [`${good}/`, 'a path that goes on'],
  [`${good}?connect=now`, 'a question'],
  [`${good}#now`, 'a fragment'],
  [`myst://connect/${provider}/7`, 'another verb'],
  [`myst://user@offer/${provider}/7`, 'credentials'],
  [`myst://offer:80/${provider}/7`, 'a port'],
  [`myst:offer/${provider}/7`, 'no authority'],
  [`MYST://OFFER/${provider}/7`, 'capitals'],
  [`myst://offer/${provider.toUpperCase()}/7`, 'capital digits'],
  [`myst://offer/0x${'ab'.repeat(21)}/7`, 'too long an identifier'],
  [`myst://offer/${provider}/-1`, 'a negative serial'],
  [`myst://offer/${provider}/007`, 'zeros in front'],
  [`myst://offer/${provider}/1e3`, 'an exponent'],
  [`myst://offer/${provider}/99999999999999999999`, 'a serial beyond all numbers'],
  [`myst://offer/${provider}/7 --network=/tmp/evil.json`, 'a switch behind it'],
  [`myst://offer/${provider}/7" --inspect "`, 'quotes'],
  [`myst://offer/${provider}/7\n`, 'a line end'],
  [`myst://offer/${provider}/7\u0000`, 'a zero'],
  [`myst://offer/${provider}/٧`, 'digits of another script'],
  [`myst://offer/${provider}/%37`, 'percent signs'],
  [`myst://offer/../${provider}/7`, 'dots'],
  [`myst://offer/<script>alert(1)</script>/7`, 'script'],
  [`myst://offer/javascript:alert(1)/7`, 'another scheme inside'],
  [`https://offer/${provider}/7`, 'another scheme'],
  [`file:///etc/passwd`, 'a file'],
  [`${good}${' '.repeat(10_000)}`, 'ten thousand characters'],
  [undefined, 'nothing'],
  [{ toString: () => good }, 'an object'],
])('refuses %j (%s)', (text, _what) => {
  expect(parseLink(text)).toBeUndefined()
})
