import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import type { IdentityId } from '#shared/model/identity.ts'
import { MAX_TYPE_LENGTH } from './limits.ts'

/**
 * What travels as one datagram (whitepaper 6.6: signed by the sender, then encrypted with ECIES).
 *
 *   datagram   0x01 │ sender 20 │ ECIES(recipient's public key, signed message)
 *   signed     signature 65 │ message
 *   message    "MYST" 4 │ version 1 │ chain id 8 │ sender 20 │ recipient 20 │ dialogue id 16 │
 *              sequence 4 │ time 8 (ms) │ length of type 1 │ type │ body
 *
 * Numbers are big-endian. The signature covers keccak256(message): "MYST" + version is the protocol's
 * own domain, so the same bytes mean nothing to Ethereum (which signs 0x19… or RLP) and chain and
 * recipient are bound. ECIES is eciesjs's default: 0x04 key 65 │ nonce 16 │ tag 16 │ ciphertext
 * (AES-256-GCM). The sender in front is only a hint: it lets a recipient drop the unregistered and the
 * too many before any public-key work, and must equal the signed sender. A relay knows it anyway.
 * A reference vector is in `envelope.vector.json`.
 */
export type Message = {
  sender: IdentityId
  recipient: IdentityId
  /** 16 bytes: 8 chosen by the opener, 8 by the acceptor (zero in a dialogue-open). */
  dialogue: Uint8Array
  /** Fresh for every datagram of a dialogue and direction, retransmissions included; from 1. */
  sequence: number
  timeMs: number
  type: string
  body: Uint8Array
}

const MAGIC = Uint8Array.of(0x4d, 0x59, 0x53, 0x54, 1)
const HEADER = 82
const SIGNATURE = 65
const ECIES_OVERHEAD = 97
const CLEAR = 21
const TYPE = /^[a-z][a-z0-9-]*$/

/** Bytes a datagram has beyond its body. */
export function envelopeOverhead(type: string): number {
  return CLEAR + ECIES_OVERHEAD + SIGNATURE + HEADER + type.length
}

/** The smallest thing that can be a datagram at all. */
export const MIN_DATAGRAM = CLEAR + ECIES_OVERHEAD + SIGNATURE + HEADER + 1

export function isType(type: string): boolean {
  return type.length <= MAX_TYPE_LENGTH && TYPE.test(type)
}

export function encodeMessage(chainId: bigint, message: Message): Uint8Array {
  const type = Buffer.from(message.type, 'ascii')
  const bytes = new Uint8Array(HEADER + type.length + message.body.length)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC, 0)
  view.setBigUint64(5, chainId)
  bytes.set(hexToBytes(message.sender.slice(2)), 13)
  bytes.set(hexToBytes(message.recipient.slice(2)), 33)
  bytes.set(message.dialogue, 53)
  view.setUint32(69, message.sequence)
  view.setBigUint64(73, BigInt(message.timeMs))
  view.setUint8(81, type.length)
  bytes.set(type, HEADER)
  bytes.set(message.body, HEADER + type.length)
  return bytes
}

/** Undefined when the bytes are not a message of this protocol and chain. */
export function parseMessage(chainId: bigint, bytes: Uint8Array): Message | undefined {
  if (bytes.length <= HEADER || MAGIC.some((byte, at) => bytes[at] !== byte)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getBigUint64(5) !== chainId) return undefined
  const bodyAt = HEADER + view.getUint8(81)
  if (bodyAt > bytes.length) return undefined
  const type = Buffer.from(bytes.subarray(HEADER, bodyAt)).toString('latin1')
  const timeMs = view.getBigUint64(73)
  if (!isType(type) || timeMs > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  return {
    sender: `0x${bytesToHex(bytes.subarray(13, 33))}`,
    recipient: `0x${bytesToHex(bytes.subarray(33, 53))}`,
    dialogue: bytes.slice(53, 69),
    sequence: view.getUint32(69),
    timeMs: Number(timeMs),
    type,
    body: bytes.slice(bodyAt),
  }
}

export function messageDigest(message: Uint8Array): Uint8Array {
  return keccak_256(message)
}

export function joinSigned(signature: Uint8Array, message: Uint8Array): Uint8Array {
  return concatBytes(signature, message)
}

export function splitSigned(signed: Uint8Array): { signature: Uint8Array; message: Uint8Array } {
  return { signature: signed.subarray(0, SIGNATURE), message: signed.subarray(SIGNATURE) }
}

export function joinDatagram(sender: IdentityId, ciphertext: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(1), hexToBytes(sender.slice(2)), ciphertext)
}

export function splitDatagram(datagram: Uint8Array): { sender: IdentityId; ciphertext: Uint8Array } | undefined {
  if (datagram.length < MIN_DATAGRAM || datagram[0] !== 1) return undefined
  return { sender: `0x${bytesToHex(datagram.subarray(1, CLEAR))}`, ciphertext: datagram.subarray(CLEAR) }
}
