import type { Messages } from './index.ts'
import { plural } from './plural.ts'

/** German; see `de.ts`. */
export const providerDe: Messages['provider'] = {
  byDay: 'Einnahmen nach Tagen',
  span: 'Gezeigt',
  days: (count) => `${count} Tage`,
  byDayFailed: 'Die Einnahmen konnten nicht gelesen werden.',
  byDayLoading: 'Die Einnahmen werden gelesen…',
  byDayNone: 'In diesen Tagen kam nichts ein. Hier steht dann Tag für Tag, was zugesagt und was eingelöst wurde.',
  byDayPicture: 'Balken für das, was jeden Tag zugesagt und eingelöst wurde; die Tabelle darunter nennt die Beträge',
  promised: 'Zugesagt',
  cleared: 'Eingelöst',
  clearedHint: 'Im Guthaben angekommen, nach Abzug der Netzgebühr.',
  asTable: 'Als Tabelle',
  day: 'Tag',
  riskFailed: 'Was andere schulden, konnte nicht gelesen werden.',
  owed: 'Außenstände',
  owes: 'Schuldet',
  verdicts: {
    covered: 'Gedeckt',
    'near-limit': 'Nahe der Grenze',
    'at-limit': 'An der Grenze',
    'not-covered': 'Nicht gedeckt',
    unknown: 'Guthaben unbekannt',
  },
  verdictTexts: {
    covered: 'Das Konto auf der Blockchain deckt alles, was bekanntermaßen zugesagt ist, und noch etwas mehr.',
    'near-limit':
      'Noch wird bezahlt, doch das Konto deckt das Zugesagte nur knapp, oder der Kredit ist fast verbraucht.',
    'at-limit': 'Mehr wird erst angenommen, wenn etwas eingelöst ist oder mehr auf dem Konto liegt.',
    'not-covered':
      'Zugesagt ist mehr, als auf dem Konto liegt. Mehr wird nicht angenommen, und darüber hinaus nicht bedient.',
    unknown: 'Die hiesige Kopie der Blockchain ist alt. Mehr wird erst angenommen, wenn die Blockchain antwortet.',
  },
  owesUncleared: 'Geschuldet, nicht eingelöst',
  promises: (count) => `in ${count.text} ${plural(count, 'Zusage', 'Zusagen')}`,
  credit: 'Kredit',
  creditHint: 'So viel darf geschuldet sein, bevor eingelöst wird. Er wächst mit dem, was eingelöst wurde.',
  creditUsed: (share, credit) => `${share} von ${credit} verbraucht`,
  balance: 'Auf dem Konto der Blockchain',
  balanceUnknown: (last) => `Gerade unbekannt; zuletzt ${last}`,
  leaving: 'Eine Auszahlung ist angekündigt.',
  elsewhere: 'Anderen zugesagt',
  elsewhereHint: 'So weit andere Anbieter davon erzählten.',
  beyond: 'Auf dem Konto über alle Zusagen hinaus',
  missing: 'Fehlt für alle Zusagen',
  clearedBefore: 'Bisher hier eingelöst',
  earnedHere: 'In dieser Sitzung verdient',
  nextClearing: 'Nächste Einlösung',
  clearingBy: (when) => `Bis ${when}`,
  clearings: {
    'at-once': 'Sofort, wie gewählt',
    threshold: 'Jetzt: Genug ist zusammengekommen',
    age: 'Jetzt: Lange genug gewartet',
    'balance-at-risk': 'Jetzt: Das Konto ist fast leer',
    'withdrawal-announced': 'Jetzt: Eine Auszahlung steht bevor',
    waiting: 'Sobald mehr geschuldet ist',
    'costs-more': 'Später: Es würde mehr kosten als einbringen',
  },
  notConnected: 'Gerade nicht verbunden',
  waitingSum: (promises, people, amount) =>
    `${promises.text} ${plural(promises, 'Zusage', 'Zusagen')} von ${people.text} ${plural(people, 'Person', 'Personen')}: ${amount}.`,
  schedule: (by, from) =>
    by && from
      ? `Eingelöst bis ${by}, oder sobald eine Person ${from} schuldet.`
      : by
        ? `Eingelöst bis ${by}.`
        : from
          ? `Eingelöst, sobald eine Person ${from} schuldet.`
          : 'Eingelöst auf Wunsch, oder wenn ein Ausfall droht.',
  dueNow: 'Ein Teil davon wird gerade eingelöst.',
  dueNoGas: 'Ein Teil davon ist fällig, doch das Gas-Konto kann die Einlösung nicht bezahlen.',
  tooLittle: (people) =>
    `Was ${people.text} ${plural(people, 'Person schuldet', 'Personen schulden')}, ist für eine Einlösung noch zu wenig.`,
  changeSchedule: 'Zeitpunkt ändern',
}
