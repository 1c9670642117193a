/**
 * How hard a passphrase is to guess, roughly: 0 too weak, 1 weak, 2 good, 3 strong. The keystore's slow
 * key derivation makes each guess dear, so a few random words are plenty; what this catches is short,
 * repeated and well-known passphrases.
 */
export type Strength = 0 | 1 | 2 | 3

/** Below this the form does not go on. */
export const LEAST_STRENGTH: Strength = 1
const LEAST_LENGTH = 8
const COMMON = /^(?:password|passwort|passphrase|qwerty|letmein|welcome|iloveyou|mysterium|admin|dragon|abc|123)/i
const RUNS = /(.)\1{2,}|(?:0123|1234|2345|3456|4567|5678|6789|abcd|qwer|asdf|zxcv)/i

export function passphraseStrength(text: string): Strength {
  if (text.length < LEAST_LENGTH) return 0
  const different = new Set(text).size
  if (different < 5) return 0
  const alphabet =
    (/[a-z]/.test(text) ? 26 : 0) +
    (/[A-Z]/.test(text) ? 26 : 0) +
    (/\d/.test(text) ? 10 : 0) +
    (/[^a-zA-Z0-9]/.test(text) ? 33 : 0)
  // People choose words, not letters: count a letter of a long passphrase for less than a random one.
  const useful = Math.min(text.length, different * 2)
  let bits = useful * Math.log2(alphabet) * 0.6
  if (COMMON.test(text)) bits -= 20
  if (RUNS.test(text)) bits -= 10
  return bits < 22 ? 0 : bits < 40 ? 1 : bits < 62 ? 2 : 3
}
