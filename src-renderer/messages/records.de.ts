import type { Messages } from './en.ts'
import { plural } from './plural.ts'

/** German; see `de.ts`. */
export const recordsDe: Messages['records'] = {
  exportText: (count) => `${count.text} ${plural(count, 'Sitzung', 'Sitzungen')} sichern:`,
  csv: 'Für Tabellen (CSV)',
  json: 'Für Programme (JSON)',
  how: { both: 'Von beiden unterschrieben', alone: 'Nur von Ihnen unterschrieben', nobody: 'Nicht unterschrieben' },
  bothUntil: (time) => `Von beiden unterschrieben bis ${time}`,
  howText: {
    both: 'Beide haben dies unterschrieben, und beide können es anderen vorlegen.',
    'both-until':
      'Den ersten Teil haben beide unterschrieben. Was danach kam, hat die andere Seite nicht unterschrieben.',
    alone: 'Die andere Seite hat dies nicht unterschrieben: Sie war weg oder sieht es anders.',
    nobody:
      'Die Sitzung endete, bevor es etwas zu unterschreiben gab, oder ist älter als unterschriebene Aufzeichnungen.',
  },
  runningText: 'Solange eine Sitzung läuft, wird etwa alle zehn Sekunden unterschrieben, was bisher verbraucht wurde.',
  byBoth: 'Von beiden unterschrieben',
  byYou: 'Nur von Ihnen unterschrieben',
  until: 'Bis',
  end: 'Ende',
  closedHere: 'Von Ihrer Seite geschlossen',
  down: { consumer: 'Von Ihnen empfangen', provider: 'Vom Kunden empfangen' },
  up: { consumer: 'Von Ihnen gesendet', provider: 'Vom Kunden gesendet' },
  price: 'Preis',
  lastPromise: 'Letzte Zusage',
  noPromise: 'Keine',
  session: 'Sitzung',
  promises: 'Die letzten Zusagen zwischen beiden, jede von dem unterschrieben, der sie gab:',
}
