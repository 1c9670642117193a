import { beforeEach, describe, expect, it } from 'vitest'
import { createPageSessions } from './page-sessions.ts'

describe('a page that was let in', () => {
  let atMs: number
  let canUnlock: boolean
  beforeEach(() => {
    atMs = 1_000_000
    canUnlock = true
  })
  const make = (lockAfterMs: number | undefined) =>
    createPageSessions({ lockAfterMs, canUnlock: () => canUnlock, now: () => atMs })
  const signIn = (sessions: ReturnType<typeof make>) => {
    const secret = sessions.signIn(sessions.token)
    if (secret === undefined) throw new Error('the token was not taken')
    return secret
  }

  it('came with a token that works once', () => {
    const sessions = make(undefined)
    for (const wrong of ['', 'x'.repeat(43), undefined, 1]) expect(sessions.signIn(wrong)).toBeUndefined()
    const secret = signIn(sessions)
    expect(sessions.stateOf(secret)).toBe('open')
    expect(sessions.signIn(sessions.token)).toBeUndefined()
    for (const wrong of [undefined, '', sessions.token, `${secret}x`]) expect(sessions.stateOf(wrong)).toBe('unknown')
    sessions.touch('another')
    sessions.unlock('another')
    expect(sessions.stateOf('another')).toBe('unknown')
  })

  it('may be another one, by a token that works once, for ten minutes, and in the place of those before', () => {
    const sessions = make(undefined)
    const replaced = sessions.newToken()
    const { token, expiresAtMs } = sessions.newToken()
    expect(expiresAtMs).toBe(atMs + 600_000)
    for (const old of [sessions.token, replaced.token]) expect(sessions.signIn(old)).toBeUndefined()
    const secret = sessions.signIn(token)
    expect(sessions.stateOf(secret)).toBe('open')
    expect(sessions.signIn(token)).toBeUndefined()

    const last = sessions.newToken()
    atMs += 599_999
    const other = sessions.signIn(last.token)
    expect(sessions.stateOf(other)).toBe('open')
    // Whoever is in stays in.
    expect(sessions.stateOf(secret)).toBe('open')
    const over = sessions.newToken()
    atMs += 600_000
    expect(sessions.signIn(over.token)).toBeUndefined()
    // A clock that was set back opens nothing.
    atMs -= 600_000
    expect(sessions.signIn(over.token)).toBeUndefined()
  })

  it('is locked when nobody did anything for long, and stays so until it is unlocked', () => {
    const sessions = make(60_000)
    const secret = signIn(sessions)
    atMs += 50_000
    sessions.touch(secret)
    atMs += 59_999
    expect(sessions.stateOf(secret)).toBe('open')
    atMs += 1
    expect(sessions.stateOf(secret)).toBe('locked')
    sessions.touch(secret)
    // A clock that was set back opens nothing.
    atMs -= 60_000
    expect(sessions.stateOf(secret)).toBe('locked')
    sessions.unlock(secret)
    expect(sessions.stateOf(secret)).toBe('open')
  })

  it('is not locked where nothing could unlock it, or when that was not wanted', () => {
    const [sessions, never] = [make(60_000), make(undefined)]
    const [secret, other] = [signIn(sessions), signIn(never)]
    canUnlock = false
    atMs += 1e9
    expect(sessions.stateOf(secret)).toBe('open')
    canUnlock = true
    expect(sessions.stateOf(secret)).toBe('locked')
    expect(never.stateOf(other)).toBe('open')
  })
})
