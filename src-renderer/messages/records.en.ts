import { type Counted, plural } from './plural.ts'

/** What is kept of sessions, and given out as a file. */
export const recordsEn = {
  exportText: (count: Counted) => `Save ${count.text} ${plural(count, 'session', 'sessions')}:`,
  csv: 'For spreadsheets (CSV)',
  json: 'For programs (JSON)',
  how: { both: 'Signed by both', alone: 'Signed by you only', nobody: 'Not signed' },
  bothUntil: (time: string) => `Signed by both until ${time}`,
  howText: {
    both: 'Both have signed this, and either can show it to others.',
    'both-until': 'Both have signed the first part. What came after is not signed by the other side.',
    alone: 'The other side has not signed this: it was gone, or sees it differently.',
    nobody: 'It ended before there was anything to sign, or is older than signed records.',
  },
  runningText: 'While a session runs, what was used so far is signed about every ten seconds.',
  byBoth: 'Signed by both',
  byYou: 'Signed by you only',
  until: 'Until',
  end: 'End',
  closedHere: 'Closed from your side',
  down: { consumer: 'Received by you', provider: 'Received by the customer' },
  up: { consumer: 'Sent by you', provider: 'Sent by the customer' },
  price: 'Price',
  lastPromise: 'Last promise',
  noPromise: 'None',
  session: 'Session',
  promises: 'The latest promises between you and this person, each signed by who gave it:',
}
