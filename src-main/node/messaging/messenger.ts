import { createHash } from 'node:crypto'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Contact } from '#shared/model/proposal.ts'
import { eciesEncrypt } from '../lib/ecies.ts'
import type { Logger } from '../lib/logger.ts'
import { verifyDigest } from '../lib/secp256k1.ts'
import type { Channel } from '../ports/channel.ts'
import type { Clock } from '../ports/clock.ts'
import type { Registry, UnlockedIdentity } from '../ports/identity.ts'
import type { Message } from '../protocol/envelope.ts'
import {
  encodeMessage,
  envelopeOverhead,
  joinDatagram,
  joinSigned,
  messageDigest,
  parseMessage,
  splitDatagram,
  splitSigned,
} from '../protocol/envelope.ts'
import type { MessagingLimits } from '../protocol/limits.ts'
import { MAX_CONTACTS, MESSAGING_LIMITS } from '../protocol/limits.ts'
import { createBucket, createBuckets } from './rate-limit.ts'

export type ReceivedMessage = Message & { channel: string }
export type OutgoingMessage = Pick<Message, 'recipient' | 'dialogue' | 'sequence' | 'type' | 'body'>

/** Why a datagram was dropped: counted, never answered and never told to a peer. */
export type Drop =
  | 'size'
  | 'unregistered'
  | 'repeated'
  | 'rate'
  | 'undecryptable'
  | 'malformed'
  | 'signature'
  | 'recipient'
  | 'time'

/**
 * Signed and encrypted messages between registered identities (whitepaper 6.6), over channels that the
 * caller starts and stops. Unreliable, like the channels beneath.
 */
export type Messenger = {
  readonly id: IdentityId
  /** One's own contacts on the channels that can be reached now. */
  contacts(): Contact[]
  /** Bytes of body that fit into one datagram; 0 when there is no such channel. */
  maxBody(channel: string, type: string): number
  /** Never throws for what a network can do: what cannot be sent now is lost. */
  send(message: OutgoingMessage, contacts: readonly Contact[]): Promise<void>
  onMessage(handle: (message: ReceivedMessage) => void): () => void
  /** Gives the peer a rate limit of its own, out of reach of strangers, until called back. */
  favour(peer: IdentityId): () => void
  readonly drops: Readonly<Record<Drop, number>>
  stop(): void
}

export function createMessenger(
  deps: {
    identity: UnlockedIdentity
    registry: Registry
    channels: readonly Channel[]
    chainId: bigint
    clock: Clock
    log: Logger
  },
  options: { limits?: Partial<MessagingLimits> } = {},
): Messenger {
  const { identity, registry, channels, chainId, clock, log } = deps
  const limits = { ...MESSAGING_LIMITS, ...options.limits }
  const handlers = new Set<(message: ReceivedMessage) => void>()
  const favoured = new Map<IdentityId, number>()
  const strangers = createBucket(clock, limits.strangers)
  const eachStranger = createBuckets(clock, limits.stranger, limits.maxSenders)
  const eachPeer = createBuckets(clock, limits.peer, limits.maxSenders)
  const seen = createSeen(clock, limits.timeWindowMs)
  const drops: Record<Drop, number> = {
    size: 0,
    unregistered: 0,
    repeated: 0,
    rate: 0,
    undecryptable: 0,
    malformed: 0,
    signature: 0,
    recipient: 0,
    time: 0,
  }

  /** The cheap checks first; public-key work only for those who passed them. */
  function open(datagram: Uint8Array, channel: Channel): Message | Drop {
    const split = datagram.length <= channel.maxDatagram ? splitDatagram(datagram) : undefined
    if (!split) return 'size'
    const publicKey = registry.publicKey(split.sender)
    if (!publicKey) return 'unregistered'
    const fingerprint = createHash('sha256').update(split.ciphertext).digest('base64')
    if (seen.has(fingerprint)) return 'repeated'
    const allowed = favoured.has(split.sender)
      ? eachPeer.take(split.sender)
      : eachStranger.take(split.sender) && strangers.take()
    if (!allowed) return 'rate'
    let signed: Uint8Array
    try {
      signed = identity.decrypt(split.ciphertext)
    } catch {
      return 'undecryptable'
    }
    const parts = splitSigned(signed)
    const message = parseMessage(chainId, parts.message)
    if (!message || message.sender !== split.sender) return 'malformed'
    if (message.recipient !== identity.id) return 'recipient'
    if (Math.abs(clock.now() - message.timeMs) > limits.timeWindowMs) return 'time'
    if (!verifyDigest(parts.signature, messageDigest(parts.message), publicKey)) return 'signature'
    seen.add(fingerprint)
    return message
  }

  function seal(outgoing: OutgoingMessage, publicKey: Uint8Array): Uint8Array {
    const timeMs = Math.floor(clock.now())
    const message = encodeMessage(chainId, { ...outgoing, sender: identity.id, timeMs })
    const signed = joinSigned(identity.signDigest(messageDigest(message)), message)
    return joinDatagram(identity.id, eciesEncrypt(publicKey, signed))
  }

  const subscriptions = channels.map((channel) =>
    channel.onDatagram((datagram) => {
      const message = open(datagram, channel)
      if (typeof message === 'string') {
        drops[message] += 1
        log.debug(`dropped a datagram of ${datagram.length} bytes on ${channel.type}: ${message}`)
        return
      }
      for (const handle of handlers) handle({ ...message, channel: channel.type })
    }),
  )

  return {
    id: identity.id,
    contacts: () =>
      channels
        .filter((channel) => channel.online)
        .slice(0, MAX_CONTACTS)
        .map((channel) => ({ channel: channel.type, address: channel.contact() })),
    maxBody(type, messageType) {
      const channel = channels.find((one) => one.type === type)
      return channel ? Math.max(0, channel.maxDatagram - envelopeOverhead(messageType)) : 0
    },
    async send(outgoing, contacts) {
      const publicKey = registry.publicKey(outgoing.recipient)
      const ways = contacts.flatMap((contact) => {
        const channel = channels.find((one) => one.type === contact.channel && one.online)
        return channel ? [{ channel, address: contact.address }] : []
      })
      if (!publicKey || ways.length === 0) return
      let datagram: Uint8Array
      try {
        datagram = seal(outgoing, publicKey)
      } catch (error) {
        log.error(`could not seal a message: ${error instanceof Error ? error.message : String(error)}`)
        return
      }
      await Promise.all(
        ways.map(({ channel, address }) =>
          channel.send(outgoing.recipient, address, datagram).catch((error: unknown) => {
            log.debug(`${channel.type} could not send: ${error instanceof Error ? error.message : String(error)}`)
          }),
        ),
      )
    },
    onMessage(handle) {
      handlers.add(handle)
      return () => void handlers.delete(handle)
    },
    favour(peer) {
      favoured.set(peer, (favoured.get(peer) ?? 0) + 1)
      let done = false
      return () => {
        if (done) return
        done = true
        const left = (favoured.get(peer) ?? 1) - 1
        if (left > 0) favoured.set(peer, left)
        else favoured.delete(peer)
      }
    },
    drops,
    stop() {
      for (const unsubscribe of subscriptions) unsubscribe()
      handlers.clear()
    },
  }
}

/**
 * Fingerprints of accepted ciphertexts for at least two time windows (a message may carry a time one
 * window ahead). ECIES is authenticated, so only the sender could make other bytes of the same message;
 * dialogues number their packets against that. The rate limits bound the size.
 */
function createSeen(clock: Pick<Clock, 'now'>, timeWindowMs: number) {
  let older = new Set<string>()
  let newer = new Set<string>()
  let turnedMs = clock.now()
  const turn = () => {
    if (Math.abs(clock.now() - turnedMs) <= 2 * timeWindowMs) return
    older = newer
    newer = new Set()
    turnedMs = clock.now()
  }
  return {
    has(fingerprint: string) {
      turn()
      return newer.has(fingerprint) || older.has(fingerprint)
    },
    add: (fingerprint: string) => void newer.add(fingerprint),
  }
}
