import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** `locked`: signed in, but nobody did anything at the page for too long. */
export type SessionState = 'open' | 'locked' | 'unknown'

/** Pages that were let in by the one-time token. A page is known by a secret that it sends itself, never by a cookie. */
export type PageSessions = {
  readonly token: string
  /** The session's secret; undefined when the token is wrong or was used. */
  signIn(token: unknown): string | undefined
  stateOf(secret: string | undefined): SessionState
  /** The person did something at this page. Opens no page that is locked. */
  touch(secret: string): void
  unlock(secret: string): void
}

/**
 * `lockAfterMs`: of nobody doing anything, by the wall clock, so that a sleeping machine counts; none: never.
 * `canUnlock`: whether there is a passphrase to ask for.
 */
export function createPageSessions({
  lockAfterMs,
  canUnlock,
  now = () => Date.now(),
}: {
  lockAfterMs: number | undefined
  canUnlock(): boolean
  now?: () => number
}): PageSessions {
  const token = randomBytes(32).toString('base64url')
  let isTokenUsed = false
  /** By hashes only: what could be read from memory by mistake opens nothing. */
  const sessions = new Map<string, { seenAtMs: number; locked: boolean }>()

  const stateOf = (secret: string | undefined): SessionState => {
    const session = secret === undefined ? undefined : sessions.get(digest(secret).toString('hex'))
    if (!session) return 'unknown'
    if (lockAfterMs !== undefined && now() - session.seenAtMs >= lockAfterMs && canUnlock()) session.locked = true
    return session.locked ? 'locked' : 'open'
  }
  const open = (secret: string) => void sessions.set(digest(secret).toString('hex'), { seenAtMs: now(), locked: false })

  return {
    token,
    stateOf,
    signIn(given) {
      if (isTokenUsed || typeof given !== 'string' || !timingSafeEqual(digest(given), digest(token))) return undefined
      isTokenUsed = true
      const secret = randomBytes(32).toString('base64url')
      open(secret)
      return secret
    },
    touch(secret) {
      if (stateOf(secret) === 'open') open(secret)
    },
    unlock(secret) {
      if (stateOf(secret) === 'locked') open(secret)
    },
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
