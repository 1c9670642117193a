import { describe, expect, it } from 'vitest'
import type { SessionRecord } from '#shared/model/session.ts'
import type { RecordContent } from '#shared/model/signed-record.ts'
import { toCsv } from './export.ts'

const session = (change: Partial<SessionRecord> = {}): SessionRecord => ({
  ...{ sessionId: 'abc', role: 'provider', peer: '0x01', serial: 4, serviceType: 'openvpn' },
  startedAtMs: Date.parse('2026-03-01T10:00:00Z'),
  metering: { cost: 2n * 10n ** 18n + 1n, bytesUp: 2n ** 60n, bytesDown: 7n, durationMs: 61_400 },
  ...change,
})

describe('the export of sessions', () => {
  it('has every figure to the last digit, in UTC', () => {
    const ended = session({ endedAtMs: Date.parse('2026-03-01T10:01:01.400Z'), end: 'consumer-closed' })
    expect(toCsv([ended, session({ country: 'NL', program: 'Backup' })])).toBe(
      [
        'session_id,role,peer,service,offer_serial,started_at,ended_at,end,duration_seconds,bytes_down,bytes_up,cost_myst,price_myst,unit,signed,country,program',
        'abc,provider,0x01,openvpn,4,2026-03-01T10:00:00.000Z,2026-03-01T10:01:01.400Z,consumer-closed,61,7,1152921504606846976,2.000000000000000001,,,nobody,,',
        'abc,provider,0x01,openvpn,4,2026-03-01T10:00:00.000Z,,,61,7,1152921504606846976,2.000000000000000001,,,nobody,NL,Backup',
        '',
      ].join('\r\n'),
    )
  })

  it('has the price that was signed, and by whom', () => {
    const content = { pricePerUnit: 5n * 10n ** 16n, unit: 'GiB', end: 'consumer-closed' } as RecordContent
    const [, both, alone] = toCsv([
      session({ signed: { byBoth: { content } } }),
      session({ signed: { alone: { content } } }),
    ]).split('\r\n')
    expect(both).toMatch(/,0\.05,GiB,both,,$/)
    expect(alone).toMatch(/,0\.05,GiB,alone,,$/)
  })

  it('gives a spreadsheet nothing to compute, and no row or cell of a stranger’s', () => {
    for (const [sessionId, written] of [
      ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
      ['-1', `"'-1"`],
      ['@x', `"'@x"`],
      ['a,b\r\nc', '"a,b\r\nc"'],
    ] as const) {
      expect(
        toCsv([session({ sessionId })])
          .split('\r\n')
          .slice(1)
          .join('\r\n'),
      ).toMatch(new RegExp(`^${written.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')},provider,`))
    }
    expect(toCsv([session({ program: '=1+1' })])).toMatch(/,"'=1\+1"\r\n$/)
  })
})
