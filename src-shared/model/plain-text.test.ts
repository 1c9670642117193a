import { expect, test } from 'vitest'
import { plainText } from './plain-text.ts'

test.each([
  ['left as it is', 'Kein Weg ins Netz: 3 % · ½ € – נתק', 'Kein Weg ins Netz: 3 % · ½ € – נתק'],
  ['several lines', 'one\r\n\ttwo\u2028three', 'one two three'],
  ['control characters', 'a\u0000b\u0008c\u007fd\u0085e', 'abcde'],
  ['escape sequences of a terminal', '\u001b[31mred\u001b[0m \u001b]0;title\u0007end', 'red end'],
  ['turned directions', 'pay \u202e001\u202c to \u2066x\u2069\u200f', 'pay 001 to x'],
  ['no width', 'Myst\u200berium\ufeff\u00ad\u2060', 'Mysterium'],
  ['tags and fillers', 'a\u{e0041}\u3164b', 'ab'],
  ['half a character', 'a\ud800b', 'ab'],
])('text with %s', (_what, text, plain) => {
  expect(plainText(text, 100)).toBe(plain)
})

test('is no longer than asked, also when very much comes', () => {
  expect(plainText('x'.repeat(10_000_000), 80)).toBe(`${'x'.repeat(79)}…`)
  expect(plainText(`${'x'.repeat(78)}😀😀`, 80)).toHaveLength(80)
  expect(plainText(`${'x'.repeat(78)}😀😀`, 80).isWellFormed()).toBe(true)
})
