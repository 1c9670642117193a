import { howSigned, type SessionRecord } from '#shared/model/session.ts'
import { formatMyst } from '#shared/model/units.ts'

const COLUMNS = [
  'session_id',
  'role',
  'peer',
  'service',
  'offer_serial',
  'started_at',
  'ended_at',
  'end',
  'duration_seconds',
  'bytes_down',
  'bytes_up',
  'cost_myst',
  'price_myst',
  'unit',
  'signed',
  'country',
  'program',
] as const

/**
 * A row for each session, for a spreadsheet: times in UTC (ISO 8601), money in MYST with a decimal point. Price
 * and unit are those that were signed, empty where nothing was.
 */
export function toCsv(sessions: readonly SessionRecord[]): string {
  const rows = sessions.map(({ metering, ...session }) => {
    const terms = (session.signed?.byBoth ?? session.signed?.alone)?.content
    return [
      session.sessionId,
      session.role,
      session.peer,
      session.serviceType,
      String(session.serial),
      time(session.startedAtMs),
      time(session.endedAtMs),
      session.end ?? '',
      String(Math.round(metering.durationMs / 1000)),
      String(metering.bytesDown),
      String(metering.bytesUp),
      formatMyst(metering.cost),
      terms ? formatMyst(terms.pricePerUnit) : '',
      terms?.unit ?? '',
      howSigned(session),
      session.country ?? '',
      session.program ?? '',
    ]
  })
  return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

const time = (ms: number | undefined) => (ms === undefined ? '' : new Date(ms).toISOString())

/** What a stranger chose must not become a formula: a spreadsheet computes what begins like one, quoted or not. */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
