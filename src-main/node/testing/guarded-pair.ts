import { onTestFinished } from 'vitest'
import type { ConnectionState } from '#shared/model/session.ts'
import { createSessionPair, type SessionPairOptions } from './session-pair.ts'

/** A pair that connects through a service which guards the machine; ends with the test. `others`: with a second provider. */
export async function startGuarded(options: SessionPairOptions & { others?: boolean } = {}) {
  const t = await createSessionPair({ plain: true, guarded: true, ...options })
  onTestFinished(t.stop)
  const other = options.others ? await t.startOther() : undefined
  const seen: ConnectionState['name'][] = []
  t.connection.onChange(({ name }) => void (seen.at(-1) !== name && seen.push(name)))
  const candidates = other ? [t.proposal, other] : [t.proposal]
  const connect = () => {
    t.connection.connect(candidates, { filter: { country: 'DE' } })
    return t.until('connected')
  }
  return { ...t, seen, connect, candidates }
}
