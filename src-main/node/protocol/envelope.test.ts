import { readFileSync } from 'node:fs'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import { createUnlockedIdentity } from '../identity/unlocked-identity.ts'
import {
  encodeMessage,
  envelopeOverhead,
  joinDatagram,
  messageDigest,
  parseMessage,
  splitDatagram,
  splitSigned,
} from './envelope.ts'

type Vector = {
  keys: { sender: string; recipient: string }
  fields: {
    chainId: string
    sender: IdentityId
    recipient: IdentityId
    dialogue: string
    sequence: number
    timeMs: number
    type: string
    body: string
  }
  message: string
  digest: string
  signature: string
  datagram: string
}
const vector: Vector = JSON.parse(readFileSync(new URL('envelope.vector.json', import.meta.url), 'utf8'))
const fields = {
  ...vector.fields,
  dialogue: hexToBytes(vector.fields.dialogue),
  body: hexToBytes(vector.fields.body),
}
const { chainId: _chainId, ...message } = fields
const chainId = BigInt(vector.fields.chainId)

test('makes and reads the reference vector', () => {
  const sender = createUnlockedIdentity(hexToBytes(vector.keys.sender))
  const recipient = createUnlockedIdentity(hexToBytes(vector.keys.recipient))
  const bytes = encodeMessage(chainId, message)
  expect(bytesToHex(bytes)).toBe(vector.message)
  expect(bytesToHex(messageDigest(bytes))).toBe(vector.digest)
  expect(bytesToHex(sender.signDigest(messageDigest(bytes)))).toBe(vector.signature)
  const split = splitDatagram(hexToBytes(vector.datagram))
  expect(split?.sender).toBe(sender.id)
  const signed = splitSigned(recipient.decrypt(split?.ciphertext ?? new Uint8Array()))
  expect(bytesToHex(signed.signature)).toBe(vector.signature)
  expect(parseMessage(chainId, signed.message)).toEqual(message)
  expect(vector.datagram.length / 2).toBe(envelopeOverhead(message.type) + message.body.length)
})

test('binds every field: no two messages have the same bytes', () => {
  const original = vector.message
  const changed: (typeof message)[] = [
    { ...message, sender: message.recipient },
    { ...message, recipient: message.sender },
    { ...message, dialogue: new Uint8Array(16) },
    { ...message, sequence: 8 },
    { ...message, timeMs: message.timeMs + 1 },
    { ...message, type: 'payment-advic', body: hexToBytes(`65${vector.fields.body}`) },
    { ...message, body: new Uint8Array(0) },
  ]
  for (const one of changed) expect(bytesToHex(encodeMessage(chainId, one))).not.toBe(original)
  expect(bytesToHex(encodeMessage(1n, message))).not.toBe(original)
})

test('reads back what it wrote, and nothing of another chain', () => {
  const id = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => `0x${bytesToHex(bytes)}` as IdentityId)
  fc.assert(
    fc.property(
      fc.record({
        sender: id,
        recipient: id,
        dialogue: fc.uint8Array({ minLength: 16, maxLength: 16 }),
        sequence: fc.integer({ min: 0, max: 0xffffffff }),
        timeMs: fc.maxSafeNat(),
        type: fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/),
        body: fc.uint8Array({ maxLength: 200 }),
      }),
      (one) => {
        const bytes = encodeMessage(5n, one)
        const parsed = parseMessage(5n, bytes)
        expect(parsed).toEqual({ ...one, dialogue: Uint8Array.from(one.dialogue), body: Uint8Array.from(one.body) })
        expect(parseMessage(6n, bytes)).toBeUndefined()
      },
    ),
  )
})

test('survives any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      parseMessage(chainId, bytes)
      splitDatagram(bytes)
    }),
  )
  const bytes = hexToBytes(vector.message)
  for (let length = 0; length < 96; length++) expect(parseMessage(chainId, bytes.subarray(0, length))).toBeUndefined()
  for (const [at, byte] of [
    [0, 0],
    [4, 2],
    [81, 0],
    [81, 255],
    [82, 0x50],
    [73, 0xff],
  ] as const) {
    expect(parseMessage(chainId, Uint8Array.from(bytes).fill(byte, at, at + 1)), `byte ${at}`).toBeUndefined()
  }
  expect(splitDatagram(joinDatagram(message.sender, new Uint8Array(50)))).toBeUndefined()
})
