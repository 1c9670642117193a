import { en } from './en.ts'

/** The one catalogue every text of the app comes from. Another language is another value of this type. */
export type Messages = typeof en
export const m: Messages = en
