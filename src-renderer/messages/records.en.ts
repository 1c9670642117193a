import { type Counted, plural } from './plural.ts'

/** What is kept of sessions, and given out as a file. */
export const recordsEn = {
  exportText: (count: Counted) => `Save ${count.text} ${plural(count, 'session', 'sessions')}:`,
  csv: 'For spreadsheets (CSV)',
  json: 'For programs (JSON)',
  signed: 'What is signed',
  signedText: 'The record itself is not signed. The promises between you and this person are, the latest of them:',
  signedNone: 'Nothing: the record itself is not signed, and of promises between you and this person none is known.',
}
