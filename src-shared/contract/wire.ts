/**
 * JSON for the doors, with bigint as `{"$bigint":"…"}`. A tagged object cannot be smuggled in by a
 * stranger's text, because texts stay texts.
 */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? { $bigint: inner.toString() } : inner,
  )
}

export function decode(text: string): unknown {
  return JSON.parse(text, (_key, inner: unknown) => {
    if (typeof inner === 'object' && inner !== null && '$bigint' in inner && typeof inner.$bigint === 'string') {
      return /^-?\d{1,80}$/.test(inner.$bigint) ? BigInt(inner.$bigint) : null
    }
    return inner
  })
}
