import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const KEY = /^myst_[\w-]{43}$/
const HINT = 4

/** 256 random bits, so that a plain hash is enough to keep: there is nothing to guess. The prefix is for who finds one. */
export function newKey(): { key: string; hash: string; hint: string } {
  const key = `myst_${randomBytes(32).toString('base64url')}`
  return { key, hash: hashOf(key), hint: key.slice(-HINT) }
}

/** Whose key it is; each is compared, in a time that tells nothing of how near it came. */
export function whose<One extends { keyHash?: string }>(key: string, programs: readonly One[]): One | undefined {
  const given = Buffer.from(hashOf(KEY.test(key) ? key : ''), 'hex')
  let found: One | undefined
  for (const one of programs) {
    const isIt = timingSafeEqual(given, Buffer.from(one.keyHash ?? '00'.repeat(given.length), 'hex'))
    if (isIt) found = one
  }
  return found
}

const hashOf = (key: string) => createHash('sha256').update(key).digest('hex')
