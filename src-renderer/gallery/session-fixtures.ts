import type { AppState } from '#shared/contract/state.ts'
import type { SessionRecord } from '#shared/model/session.ts'
import type { SignedRecord } from '#shared/model/signed-record.ts'
import { MYST } from '#shared/model/units.ts'
import { COUNTRIES, fixtureId, HOSTILE, ME, seeded } from './fixtures.ts'

const ENDS = ['consumer-closed', 'provider-closed', 'leftover-exhausted', 'tunnel-failed', 'metering-disputed'] as const

export function sessions(now: number): SessionRecord[] {
  return Array.from({ length: 23 }, (_, index): SessionRecord => {
    const random = seeded(index + 5)
    const startedAtMs = now - index * 9_000_000 - 600_000
    const durationMs = Math.round(240_000 + random() * 7_000_000)
    const bytesDown = BigInt(Math.round(random() ** 2 * 6e9))
    const role = index % 3 === 1 ? 'provider' : 'consumer'
    const serviceType = index % 4 === 3 ? 'socks' : 'openvpn'
    // The last few are from before either was kept.
    const isKept = role === 'consumer' && index < 18
    const session: SessionRecord = {
      sessionId: `record-${index}`,
      role,
      peer: fixtureId(index + 500),
      serial: index,
      serviceType,
      ...(isKept && { country: COUNTRIES[index] ?? 'DE' }),
      ...(isKept && serviceType === 'socks' && { program: index === 3 ? HOSTILE : 'Firefox for work' }),
      startedAtMs,
      ...(index > 0 && {
        endedAtMs: startedAtMs + durationMs,
        end: ENDS[index < 5 ? 0 : index % ENDS.length] ?? 'shutdown',
      }),
      metering: {
        cost: (bytesDown * MYST) / (20n * 2n ** 30n),
        bytesDown,
        bytesUp: bytesDown / 17n,
        durationMs,
      },
    }
    return { ...session, ...signedAs(session, index) }
  })
}

/** What is written down of the sessions that run: their beginnings. */
export function running({ connection, programs, share }: AppState): SessionRecord[] {
  const metering = { cost: 0n, bytesUp: 0n, bytesDown: 0n, durationMs: 0 }
  const bought = [{ connection }, ...programs].flatMap((one): SessionRecord[] => {
    if (one.connection.name !== 'connected') return []
    const { live, proposal } = one.connection
    const { sessionId, startedAtMs } = live
    const { provider, serial, serviceType, originLocation } = proposal
    return [
      {
        ...{ sessionId, role: 'consumer', peer: provider, serial, serviceType, startedAtMs, metering },
        ...{ country: originLocation.country, ...('name' in one && { program: one.name }) },
      },
    ]
  })
  const sold = share.sessions.map(
    ({ consumer, leftover: _, ...session }): SessionRecord => ({
      ...session,
      role: 'provider',
      peer: consumer,
      metering,
    }),
  )
  return [...bought, ...sold]
}

/** Of the first few one of each kind: still running, by both, by both until then, by this side only, not at all. */
function signedAs(session: SessionRecord, index: number): Pick<SessionRecord, 'signed'> {
  const { role, peer, startedAtMs, endedAtMs, metering } = session
  const whole: SignedRecord = {
    content: {
      ...{ chainId: 31_337, paymentAccounts: fixtureId(1_004), sessionId: index.toString(16).padStart(32, '5') },
      ...(role === 'provider' ? { provider: ME, consumer: peer } : { provider: peer, consumer: ME }),
      ...{ serviceType: session.serviceType, offerSerial: session.serial, unit: 'GiB', pricePerUnit: MYST / 20n },
      ...{ startedAtMs, endedAtMs: endedAtMs ?? startedAtMs + metering.durationMs, end: session.end ?? 'running' },
      ...metering,
      ...{ promiseSerial: BigInt(startedAtMs), promiseAmount: metering.cost + MYST / 100n },
    },
    [role === 'provider' ? 'providerSignature' : 'consumerSignature']: `0x${'1b'.repeat(65)}`,
  }
  const byBoth: SignedRecord = {
    content: { ...whole.content, endedAtMs: whole.content.endedAtMs - 40_000, end: 'running' },
    ...{ providerSignature: `0x${'1c'.repeat(65)}`, consumerSignature: `0x${'1b'.repeat(65)}` },
  }
  if (index === 0) return { signed: { byBoth } }
  if (index === 2) return { signed: { byBoth, alone: whole } }
  if (index === 3) return { signed: { alone: whole } }
  return index === 4 ? {} : { signed: { byBoth: { ...byBoth, content: whole.content } } }
}
