/** A count as it is written, and which form of a word goes with it in the language in use: `format.ts` makes it. */
export type Counted = { readonly text: string; readonly form: Intl.LDMLPluralRule }

/** English and German have two forms; a language with more takes more here. */
export function plural({ form }: Counted, one: string, other: string): string {
  return form === 'one' ? one : other
}
