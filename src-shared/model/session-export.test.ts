import { expect, it } from 'vitest'
import type { SessionRecord } from './session.ts'
import { exportSessions } from './session-export.ts'
import { readExport } from './session-import.ts'

const session: SessionRecord = {
  ...{ sessionId: 'abc', role: 'provider', peer: `0x${'01'.repeat(20)}`, serial: 4, serviceType: 'openvpn' },
  startedAtMs: 5,
  metering: { cost: 2n * 10n ** 18n + 1n, bytesUp: 2n ** 60n, bytesDown: 7n, durationMs: 61_400 },
}
const promise = (peer: string) => ({ peer, serial: 9n, amount: 5n, signature: '0xab' as const })

it('the export of sessions has every digit, and what their peers promised, and nobody else', () => {
  const text = exportSessions([session], 0, [promise(session.peer), promise(`0x${'02'.repeat(20)}`)])
  expect(JSON.parse(text)).toMatchObject({
    ...{ format: 'mysterium-sessions', version: 1, exportedAt: '1970-01-01T00:00:00.000Z' },
    sessions: [{ sessionId: 'abc', metering: { cost: '2000000000000000001' } }],
    promises: [{ peer: session.peer, serial: '9', amount: '5', signature: '0xab' }],
  })
  expect(JSON.parse(text).promises).toHaveLength(1)
  expect(readExport(text)).toMatchObject([{ sessionId: 'abc', role: 'provider' }])
  // Not known is not none.
  expect(JSON.parse(exportSessions([session], 0))).not.toHaveProperty('promises')
})
