/**
 * Text of unknown origin as one line of `max` characters at most, for places that show plain text as it is (a
 * menu, a notification, a dialog). Line ends, control characters and escape sequences, marks that turn the
 * direction of writing, and characters without width are cut out, so that a text can neither look like another
 * nor change what stands beside it.
 */
export function plainText(text: string, max: number): string {
  const plain = withoutUnseen(
    text
      .slice(0, max * 8)
      .replaceAll(ESCAPES, '')
      .replaceAll(/[\t-\r\u2028\u2029]/g, ' ')
      .replaceAll(CONTROL, ''),
  )
    .replaceAll(/\s+/gu, ' ')
    .trim()
  return plain.length > max ? `${plain.slice(0, max - 1).toWellFormed()}…` : plain.toWellFormed()
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const ESCAPES = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?/gu
const CONTROL = /\p{Cc}/gu
/** Format (direction, zero width, tags), private use, unpaired surrogates, and fillers that show nothing. */
const UNSEEN = /[\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|\u034f|\u17b4|\u17b5/gu

/** Text without what shows nothing and may turn or hide what stands beside it. */
export function withoutUnseen(text: string): string {
  return text.replaceAll(UNSEEN, '')
}
