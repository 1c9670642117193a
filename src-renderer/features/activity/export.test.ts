import { describe, expect, it } from 'vitest'
import type { PromiseView } from '#shared/contract/commands.ts'
import type { SessionRecord } from '#shared/model/session.ts'
import { toCsv, toJson } from './export.ts'

const session = (change: Partial<SessionRecord> = {}): SessionRecord => ({
  ...{ sessionId: 'abc', role: 'provider', peer: '0x01', serial: 4, serviceType: 'openvpn' },
  startedAtMs: Date.parse('2026-03-01T10:00:00Z'),
  metering: { cost: 2n * 10n ** 18n + 1n, bytesUp: 2n ** 60n, bytesDown: 7n, durationMs: 61_400 },
  ...change,
})
const promise = (peer: `0x${string}`): PromiseView => ({
  ...{ direction: 'received', peer, serial: 9n, amount: 5n, state: 'open', updatedAtMs: 1, signature: '0xab' },
})

describe('the export of sessions', () => {
  it('has every figure to the last digit, in UTC', () => {
    const ended = session({ endedAtMs: Date.parse('2026-03-01T10:01:01.400Z'), end: 'consumer-closed' })
    expect(toCsv([ended, session()])).toBe(
      [
        'session_id,role,peer,service,offer_serial,started_at,ended_at,end,duration_seconds,bytes_down,bytes_up,cost_myst',
        'abc,provider,0x01,openvpn,4,2026-03-01T10:00:00.000Z,2026-03-01T10:01:01.400Z,consumer-closed,61,7,1152921504606846976,2.000000000000000001',
        'abc,provider,0x01,openvpn,4,2026-03-01T10:00:00.000Z,,,61,7,1152921504606846976,2.000000000000000001',
        '',
      ].join('\r\n'),
    )
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
  })

  it('has with the sessions what their peers signed, and nobody else', () => {
    const text = toJson([session()], [promise('0x01'), promise('0x02')], 0)
    expect(JSON.parse(text)).toMatchObject({
      ...{ format: 'mysterium-sessions', version: 1, exportedAt: '1970-01-01T00:00:00.000Z' },
      sessions: [{ sessionId: 'abc', metering: { cost: '2000000000000000001' } }],
      promises: [{ peer: '0x01', serial: '9', amount: '5', signature: '0xab' }],
    })
    expect(JSON.parse(text).promises).toHaveLength(1)
  })
})
