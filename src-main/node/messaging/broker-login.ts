import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { z } from 'zod'
import { type IdentityId, identityId } from '#shared/model/identity.ts'
import { verifyDigest } from '../lib/secp256k1.ts'
import type { Clock } from '../ports/clock.ts'
import type { Registry, UnlockedIdentity } from '../ports/identity.ts'

/**
 * How a node logs in at a broker: user name = identifier, password = base64url of JSON
 * `{"audience", "time", "nonce", "signature"}`. The signature covers chain, broker (host and port as the
 * client knows it), identifier, time and nonce, so that a proof shown to one broker opens no other, and
 * none twice. The client id is fixed by the identity, so that a new connection takes the place of a
 * dead one and nobody can push out somebody else.
 */
export type LoginProof = { username: string; password: string; clientId: string }

const WINDOW_MS = 120_000
const MAX_PASSWORD = 1_024

const proof = z.object({
  audience: z.string().max(300),
  time: z.number().int().min(0),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  signature: z.string().regex(/^[0-9a-f]{130}$/),
})

export function inboxTopic(id: IdentityId): string {
  return `myst/inbox/${id}`
}

export function isInboxTopic(topic: string): boolean {
  return /^myst\/inbox\/0x[0-9a-f]{40}$/.test(topic)
}

/** MQTT 3.1.1 lets a broker refuse client ids of more than 23 characters. */
export function clientIdOf(id: IdentityId): string {
  return id.slice(2, 25)
}

/** `host:port` of a broker's address, lower case, with the scheme's usual port when none is given. */
export function audienceOf(url: string): string {
  const { protocol, hostname, port } = new URL(url)
  return `${hostname.toLowerCase()}:${port || (protocol === 'mqtts:' ? '8883' : '1883')}`
}

/** A fresh proof; good for one connection. */
export function proveLogin(
  identity: UnlockedIdentity,
  options: { chainId: bigint; audience: string; nowMs: number },
): LoginProof {
  const nonce = bytesToHex(randomBytes(16))
  const digest = loginDigest({ ...options, id: identity.id, nonce })
  const signature = bytesToHex(identity.signDigest(digest))
  const content: z.input<typeof proof> = { audience: options.audience, time: options.nowMs, nonce, signature }
  return {
    username: identity.id,
    password: Buffer.from(JSON.stringify(content)).toString('base64url'),
    clientId: clientIdOf(identity.id),
  }
}

/** Says who logs in, or undefined. Cheap checks first; a proof is good once and for two minutes. */
export function createLoginVerifier(deps: {
  registry: Registry
  chainId: bigint
  isAudience(audience: string): boolean
  clock: Pick<Clock, 'now'>
}): (username: string | undefined, password: Uint8Array | undefined) => IdentityId | undefined {
  const { registry, chainId, clock } = deps
  const spent = new Map<string, number>()
  return (username, password) => {
    const id = identityId.safeParse(username).data
    if (!id || id !== username || !password || password.length > MAX_PASSWORD) return undefined
    const given = parseProof(password)
    const nowMs = clock.now()
    if (!given || !deps.isAudience(given.audience) || Math.abs(nowMs - given.time) > WINDOW_MS) return undefined
    const publicKey = registry.publicKey(id)
    if (!publicKey) return undefined
    for (const [old, untilMs] of spent) {
      if (untilMs >= nowMs) break
      spent.delete(old)
    }
    const once = `${id}:${given.nonce}`
    if (spent.has(once)) return undefined
    const digest = loginDigest({ chainId, audience: given.audience, id, nowMs: given.time, nonce: given.nonce })
    if (!verifyDigest(hexToBytes(given.signature), digest, publicKey)) return undefined
    // a proof from the future stays good until its window has passed as well
    spent.set(once, nowMs + 2 * WINDOW_MS)
    return id
  }
}

function parseProof(password: Uint8Array) {
  try {
    const text = Buffer.from(Buffer.from(password).toString('latin1'), 'base64url').toString('utf8')
    return proof.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function loginDigest(of: { chainId: bigint; audience: string; id: IdentityId; nowMs: number; nonce: string }) {
  const lines = ['Mysterium broker login 1', of.chainId, of.audience, of.id, of.nowMs, of.nonce]
  return keccak_256(utf8ToBytes(lines.join('\n')))
}
