import type { Messages } from './index.ts'

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
}
