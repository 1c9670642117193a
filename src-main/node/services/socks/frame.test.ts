import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFrameReader, encodeFrame, type Frame, FrameError, MAX_DATA } from './frame.ts'

const stream = fc.integer({ min: 1, max: 0xffff_ffff })
const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array))
const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/)
const host = fc.oneof(
  fc.ipV4(),
  fc
    .tuple(...Array.from({ length: 8 }, () => fc.integer({ min: 0, max: 0xffff })))
    .map((groups) => new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]/`).hostname.slice(1, -1)),
  // Names that look like numbers are another matter: a provider treats them as what they resolve to.
  fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => `n${labels.join('.')}`),
)
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: fc.constant('open' as const),
    stream,
    target: fc.record({ host, port: fc.integer({ min: 1, max: 65_535 }) }),
  }),
  fc.record({ type: fc.constantFrom('opened' as const, 'fin' as const, 'reset' as const), stream }),
  fc.record({ type: fc.constant('failed' as const), stream, code: fc.nat(255) }),
  fc.record({ type: fc.constant('data' as const), stream, payload: bytes(1, 300) }),
  fc.record({ type: fc.constant('window' as const), stream, credit: stream }),
  fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const), opaque: bytes(8, 8) }),
)

/** Pushes in pieces of the given sizes; collects copies, because payloads are views. */
function read(wire: Buffer, sizes: readonly number[]): Frame[] {
  const frames: Frame[] = []
  const reader = createFrameReader((next) =>
    frames.push(next.type === 'data' ? { ...next, payload: Buffer.from(next.payload) } : next),
  )
  let at = 0
  for (let index = 0; at < wire.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    reader.push(wire.subarray(at, at + size))
    at += size
  }
  return frames
}

describe('the frame format', () => {
  test('what was written is read again, however it was cut', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }),
        (frames, sizes) => {
          expect(read(Buffer.concat(frames.map(encodeFrame)), sizes)).toEqual(frames)
        },
      ),
      { numRuns: 10_000 },
    )
  }, 60_000)

  test('any bytes either are frames that mean the same when written again, or a FrameError', () => {
    const wild = fc.oneof(
      bytes(0, 400),
      // Mostly right: a right frame with one byte turned, so that the deeper checks are reached.
      fc.tuple(frame, fc.nat(), fc.nat(255)).map(([right, at, value]) => {
        const wire = encodeFrame(right)
        wire[at % Math.min(wire.length, 12)] = value
        return Buffer.concat([wire, wire])
      }),
    )
    let refused = 0
    let read_ = 0
    fc.assert(
      fc.property(wild, fc.integer({ min: 1, max: 64 }), (wire, size) => {
        try {
          for (const right of read(wire, [size])) {
            read_ += 1
            const again = read(encodeFrame(right), [1_000_000])
            expect(again).toEqual([right])
          }
        } catch (error) {
          if (!(error instanceof FrameError)) throw error
          refused += 1
        }
      }),
      { numRuns: 20_000 },
    )
    expect(refused).toBeGreaterThan(1000)
    expect(read_).toBeGreaterThan(1000)
  }, 60_000)

  test.each([
    ['unknown type', [10, 0, 0, 0, 1, 0, 0]],
    ['type 0', [0, 0, 0, 0, 1, 0, 0]],
    ['data on stream 0', [4, 0, 0, 0, 0, 0, 1, 1]],
    ['ping on a stream', [8, 0, 0, 0, 1, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]],
    ['empty data', [4, 0, 0, 0, 1, 0, 0]],
    ['data too long', [4, 0, 0, 0, 1, (MAX_DATA + 1) >> 8, (MAX_DATA + 1) & 0xff]],
    ['fin with a payload', [6, 0, 0, 0, 1, 0, 1, 0]],
    ['window of nothing', [5, 0, 0, 0, 1, 0, 4, 0, 0, 0, 0]],
    ['open to port 0', [1, 0, 0, 0, 1, 0, 7, 0, 0, 1, 1, 1, 1, 1]],
    ['open to five bytes of IPv4', [1, 0, 0, 0, 1, 0, 8, 0, 80, 1, 1, 1, 1, 1, 1]],
    ['open to a name with a zero byte', [1, 0, 0, 0, 1, 0, 6, 0, 80, 3, 97, 0, 98]],
    ['open to an empty label', [1, 0, 0, 0, 1, 0, 7, 0, 80, 3, 97, 46, 46, 98]],
    ['open to an unknown kind', [1, 0, 0, 0, 1, 0, 7, 0, 80, 2, 1, 1, 1, 1]],
  ])('refuses %s', (_name, wire) => {
    expect(() => read(Buffer.from(wire), [1])).toThrow(FrameError)
  })

  test('a length that is too long is refused before its payload is waited for', () => {
    expect(() => read(Buffer.of(4, 0, 0, 0, 1, 0xff, 0xff), [7])).toThrow(FrameError)
  })
})
