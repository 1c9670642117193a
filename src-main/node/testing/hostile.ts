import fc from 'fast-check'

/** The same seed gives the same cases: `FUZZ_SEED=<number>` repeats a run. */
export const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** No case may keep a processor busy for longer: somebody else chose it. */
const MAX_BUSY_MS = 1_000

export type Verdict = 'accepted' | 'refused'
export type Tally = Record<Verdict, number>

/**
 * Judges `count` cases. `judge` throws when a promise is broken; fast-check then finds the smallest such case and tells
 * its seed. What was tried is printed, for the figures of the long runs.
 */
export async function tryCases<T>(
  name: string,
  count: number,
  cases: fc.Arbitrary<T>,
  judge: (value: T) => Verdict | Promise<Verdict>,
): Promise<Tally> {
  const tally: Tally = { accepted: 0, refused: 0 }
  let slowestMs = 0
  const property = fc.asyncProperty(cases, async (value) => {
    const before = process.threadCpuUsage()
    tally[await judge(value)]++
    const { user, system } = process.threadCpuUsage(before)
    slowestMs = Math.max(slowestMs, (user + system) / 1_000)
    if (slowestMs > MAX_BUSY_MS) throw new Error(`busy for ${slowestMs} ms`)
  })
  await fc.assert(property, { seed: SEED, numRuns: count })
  const { accepted, refused } = tally
  const figures = `${name}: ${count} cases, ${refused} refused, ${accepted} taken as what they may be`
  console.log(`${process.env.DEEP === '1' ? 'deep: ' : ''}${figures}, slowest ${slowestMs.toFixed(0)} ms, seed ${SEED}`)
  return tally
}

/** What once opened a door somewhere: line ends, closing tags, options, other notations, terminals' commands. */
const TEXTS = [
  ...['', '\n', '\r', '\r\n', '\0', '\u2028', '\u2029', '\u0085', '\v', '\f', '\t', ' ', ' '.repeat(5_000)],
  ...['</ca>', '<ca>', '</cert>\n', '</tls-crypt>\nsetenv x y\n', '<plugin>', '\nplugin /tmp/x.so\n', '[inline]'],
  ...['\nup /bin/sh\n', 'up "/bin/sh -c id"', '\nscript-security 3\n', ' 1194 udp\nup /bin/sh', '# ', '; '],
  ...['-----END CERTIFICATE-----', '-----BEGIN CERTIFICATE-----\n', '-----BEGIN X509 CRL-----', '-----'],
  ...['; flush ruleset', '} drop', '"', "'", '`id`', '$(id)', '| id', '&& id', '%s%n', '\\', '*'],
  ...['../../tmp/x', '/etc/shadow', '.', '..', '-', '--config', '--help', 'DEFAULT', 'UNDEF', 'END'],
  ...['::ffff:127.0.0.1', '0:0:0:0:0:ffff:7f00:1', 'fe80::1%eth0', 'fe80::1%eth0;id', 'fe80::1%eth0\nup x', '[::1]'],
  ...['0x7f.1', '0177.0.0.1', '2130706433', '1.2.3', '1.2.3.4.5', '1.2.3.4/0', ' 1.2.3.4', '1.2.3.4\n', '１.2.3.4'],
  ...['2001:DB8::1', '::1.2.3.4', '1::2::3', ':', '::', '0.0.0.0', '255.255.255.255', 'localhost', 'a.example'],
  ...['\ud800', '\udfff', '\u202e', '\ufeff', 'a\u0301', '\x1b]0;x\x07\x1b[2J', '\x9b2J', '\x7f', '\b'],
  ...['__proto__', 'constructor', 'toString', 'A'.repeat(5_000), 'A'.repeat(200_000), '='.repeat(9)],
]
export const hostileText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  { weight: 1, arbitrary: fc.stringMatching(/^[\n\r -~]{0,60}$/) },
)

const NUMBERS = [-1, -0, 0, 0.5, 1, 65_535, 65_536, 2 ** 31, 2 ** 32, 2 ** 53, 1e21, 1e308, -1e308, 5e-324]
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(...NUMBERS, null, true, false, [], {}, [[]], Array(300).fill('x'), nested(2_000)),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Numbers and members as they can be written in JSON but not made with `JSON.stringify`. */
const RAW = [
  ...['1e400', '-1e400', '-0', '1E3', '0x10', 'NaN', 'Infinity', '012', '9'.repeat(400), '1194.0', '11940e-1'],
  ...['"__proto__":{"port":1},', '"constructor":{"prototype":{"x":1}},', '"id":2,', '"verb":"status",', '"port":1,'],
  ...[
    '\\u0000',
    '\\u000a',
    '\\ud800',
    '\\"',
    '//',
    '/**/',
    ',',
    '}',
    '{',
    ']',
    '\n',
    '\0',
    '['.repeat(40_000),
    '{"a":',
  ],
]

type Change = { at: number; kind: 'set' | 'insert' | 'cut' | 'drop' | 'bytes' | 'add'; value: unknown; where: number }
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(1_000),
  kind: fc.constantFrom('set', 'insert', 'insert', 'cut', 'drop', 'bytes', 'bytes', 'add'),
  value: hostileValue,
  where: fc.nat(100_000),
})

/** `whole` with one or two of its fields, at any depth, replaced, left out, added to or changed within. */
export function altered(whole: object): fc.Arbitrary<unknown> {
  return fc
    .array(change, { minLength: 1, maxLength: 2 })
    .map((changes) => changes.reduce<Holder>(applyChange, { whole }).whole)
}

/** The text of `altered`, at times changed once more as a text. */
export function alteredJson(whole: object): fc.Arbitrary<string> {
  const raw = fc.tuple(fc.constantFrom(...RAW), fc.nat(100_000))
  return fc.tuple(altered(whole), fc.option(raw, { freq: 3 })).map(([value, edit]) => {
    const text = JSON.stringify(value) ?? ''
    if (edit === null) return text
    const at = edit[1] % 3 === 0 ? 1 : edit[1] % (text.length + 1)
    return text.slice(0, at) + edit[0] + text.slice(at)
  })
}

/** Bytes with some flipped, put in, left out or doubled. */
export function alteredBytes(whole: Uint8Array): fc.Arbitrary<Buffer> {
  const edit = fc.record({
    where: fc.nat(),
    kind: fc.nat(4),
    byte: fc.constantFrom(0, 1, 0x0a, 0x30, 0x7f, 0x80, 0xff),
  })
  return fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) =>
    edits.reduce((bytes, { where, kind, byte }) => {
      const at = where % Math.max(1, bytes.length)
      const [left, right] = [bytes.subarray(0, at), bytes.subarray(at)]
      if (kind === 0)
        return Buffer.concat([left, Buffer.from([(right[0] ?? 0) ^ (1 << (where % 8))]), right.subarray(1)])
      if (kind === 1) return Buffer.concat([left, Buffer.from([byte]), right.subarray(1)])
      if (kind === 2) return Buffer.concat([left, Buffer.from([byte]), right])
      if (kind === 3) return Buffer.concat([left, right.subarray(1 + (where % 9))])
      return Buffer.concat([left, right.subarray(0, 40), right])
    }, Buffer.from(whole)),
  )
}

function applyChange({ whole }: Holder, { at, kind, value, where }: Change): Holder {
  const root: Holder = structuredClone({ whole })
  const places = placesIn(root)
  const { holder, key } = places[at % places.length] ?? { holder: root, key: 'whole' }
  const old = holder[key]
  if (kind === 'drop') delete holder[key]
  else if (kind === 'add') {
    if (!Array.isArray(holder)) holder[textOf(value).slice(0, 50)] = value
  } else if (typeof old !== 'string' || kind === 'set') holder[key] = value
  else if (kind === 'bytes') holder[key] = flipInPem(old, where)
  else {
    const place = where % (old.length + 1)
    holder[key] =
      old.slice(0, place) + (kind === 'insert' ? textOf(value) : '') + old.slice(place + (kind === 'cut' ? 3 : 0))
  }
  return root
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

type Holder = Record<string, unknown>

function placesIn(holder: Holder, depth = 0): { holder: Holder; key: string }[] {
  return Object.keys(holder).flatMap((key) => {
    const value = holder[key]
    const isHolder = typeof value === 'object' && value !== null && depth < 5
    return [{ holder, key }, ...(isHolder ? placesIn(value as Holder, depth + 1) : [])]
  })
}

/** One bit of what a PEM block holds: still PEM, and often still a certificate. */
function flipInPem(text: string, where: number): string {
  const [, label, body] = /^-----BEGIN ([A-Z ]+)-----\n([^-]+)-----END/.exec(text) ?? []
  if (label === undefined || body === undefined) return text.replaceAll('\n', '\r\n')
  const der = Buffer.from(body, 'base64')
  const at = where % der.length
  der[at] = (der[at] ?? 0) ^ (1 << (where % 8))
  return `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`
}

function nested(depth: number): unknown {
  let value: unknown = 'x'
  for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { a: value }
  return value
}
