import { useEffect, useRef, useState } from 'react'
import type { KnownConnection } from '../../store/use-connection.ts'
import { proposalKey } from './target.ts'

const NONE: ReadonlySet<string> = new Set()

/** The offers at which an attempt failed since the last success: those are not suggested again. */
export function useTried(connection: KnownConnection): ReadonlySet<string> {
  const [tried, setTried] = useState(NONE)
  const before = useRef(connection)
  useEffect(() => {
    const last = before.current
    before.current = connection
    setTried((known) => triedAfter(known, last, connection))
  }, [connection])
  return tried
}

/** `tried`, after the connection went from `before` to `now`. What the person left or cancelled did not fail. */
export function triedAfter(
  tried: ReadonlySet<string>,
  before: KnownConnection,
  now: KnownConnection,
): ReadonlySet<string> {
  if (now.name === 'connected') return NONE
  if (before.name !== 'connecting' && before.name !== 'reconnecting') return tried
  const key = proposalKey(before.proposal)
  return isFailed(key, now) ? new Set(tried).add(key) : tried
}

/** Whether what was attempted with `key` has failed, seeing what is `now`. */
function isFailed(key: string, now: KnownConnection): boolean {
  switch (now.name) {
    case 'connecting':
    case 'reconnecting':
      return proposalKey(now.proposal) !== key
    case 'disconnected':
      return now.last !== undefined && now.last.end !== 'consumer-closed'
    case 'blocked':
      return now.again !== undefined
    default:
      return false
  }
}
