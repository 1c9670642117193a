import { translate } from '#shared/messages/translate.ts'
import { m } from './index.ts'
import { typeNumber } from './typed.ts'

/** A sentence of the node in the language in use; as it is when the catalogue does not have it. */
export function said(sentence: string): string {
  return translate(sentence, m.node, typeNumber)
}
