import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** `locked`: signed in, but nobody did anything at the page for too long. */
export type SessionState = 'open' | 'locked' | 'unknown'

/** How long a token is good for that was asked for while the node runs. */
const TOKEN_MS = 10 * 60_000

/** Pages that were let in by a one-time token. A page is known by a secret that it sends itself, never by a cookie. */
export type PageSessions = {
  /** The first one: good until it is used, or another one is asked for. */
  readonly token: string
  /** Another one, for a while. Any before it is good for nothing then; pages that are in stay in. */
  newToken(): { token: string; expiresAtMs: number }
  /** The session's secret; undefined when the token is wrong, was used, is over or was replaced. */
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
  const first = random()
  /** The only one that is good. */
  let token: { text: string; expiresAtMs?: number } | undefined = { text: first }
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
    token: first,
    newToken() {
      const expiresAtMs = now() + TOKEN_MS
      token = { text: random(), expiresAtMs }
      return { token: token.text, expiresAtMs }
    },
    stateOf,
    signIn(given) {
      if (token?.expiresAtMs !== undefined && now() >= token.expiresAtMs) token = undefined
      if (!token || typeof given !== 'string' || !timingSafeEqual(digest(given), digest(token.text))) return undefined
      token = undefined
      const secret = random()
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

function random(): string {
  return randomBytes(32).toString('base64url')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
