import type { Messages } from './index.ts'
import { plural } from './plural.ts'

/** German; see `de.ts`. */
export const recordsDe: Messages['records'] = {
  exportText: (count) => `${count.text} ${plural(count, 'Sitzung', 'Sitzungen')} sichern:`,
  csv: 'Für Tabellen (CSV)',
  json: 'Für Programme (JSON)',
  signed: 'Was unterschrieben ist',
  signedText: 'Die Aufzeichnung selbst ist nicht unterschrieben, wohl aber die Zusagen zwischen beiden. Die letzten:',
  signedNone:
    'Nichts: Die Aufzeichnung selbst ist nicht unterschrieben, und Zusagen zwischen beiden sind nicht bekannt.',
}
