import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anonymous } from './anonymous.ts'

describe('a line of the log for strangers', () => {
  it.each([
    'The session could not be opened.',
    "the provider's OpenVPN (SOCKS5, IPv4) was refused: sessions-full",
    '2026-11-21T18:31:50.123Z warn openvpn: port 1194 is in use, the OpenVPN service takes 40321',
    'waited 12 s, 250ms, 0.75 of 98%; code -32000, block 21843977',
    'connect ECONNREFUSED; wrongPassphrase, consumer-closed, sch_htb',
    'name one with --network FILE - or none',
    'This machine has no /dev/net/tun; "/usr/sbin/nft" is there.',
  ])('keeps what is said: %s', (line) => {
    expect(anonymous(line)).toBe(line)
  })

  it.each([
    ['connect ECONNREFUSED 10.20.30.40:8545', 'connect ECONNREFUSED […]'],
    ['from [2001:db8::7]:443, fe80::1%eth0 and ::1', 'from [[…], […] and […]'],
    ['the networks fd00::, 0:: and fe80:: are', 'the networks […]:, […]: and […]: are'],
    ['getaddrinfo ENOTFOUND chain.example.org', 'getaddrinfo ENOTFOUND […]'],
    ['https://me:secret@chain.example/v3/0123456789abcdef?key=x failed', '[…] failed'],
    ['dialogue with 0x00000000000000000000000000000000000000aa is open', 'dialogue with […] is open'],
    ['session 5f2b1c9e-8a07-4d55-9b1e-0f6a7c3d2e11 ends', 'session […] ends'],
    ["ENOENT: no such file, open '/home/alice/.config/myst/node.db'", "ENOENT: no such file, open '[…]'"],
    ['C:\\Users\\Alice\\AppData is full', '[…] is full'],
    ['passphrase=correct token:abc', '[…]'],
    ['Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP', 'Bearer […]'],
    ['at connect (file:///home/alice/src/session/connection.ts:12:5)', 'at connect (connection.ts:12:5)'],
    ['Key abcdefabcdefab12, ABCDEFGHIJKLMNOP', 'Key […], […]'],
    ['at x (/home/alice/aaaabbbbccccddddeeee.ts:1:1)', 'at x ([…])'],
    ['what was cut 10.0.0…', 'what was cut […]'],
    ['１９２．１６８．０．１ аdmin', '[…]'],
    ['asked nas, as Alice, on alices-nas for node', 'asked […], as […], on alices-nas for node'],
  ])('keeps nothing that tells where or who: %s', (line, told) => {
    expect(anonymous(line, ['nas', 'alice'])).toBe(told.replace('alices-nas', '[…]'))
  })

  const hex = (min: number, max: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: min, maxLength: max })
  // Keys are chance; zeros alone would look like a word.
  const base64 = fc.noBias(fc.uint8Array({ minLength: 16, maxLength: 64 })).map((bytes) => Buffer.from(bytes))
  const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z]$/)
  const host = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'))
  const home = fc.tuple(fc.constantFrom('/home', '/Users', '/root', '/var/home'), label, label)
  const secret = fc.oneof(
    fc.ipV4(),
    fc.ipV6().filter((address) => address.length > 2),
    hex(16, 130),
    hex(16, 130).map((digits) => `0x${digits}`),
    fc.uuid(),
    base64.map((bytes) => bytes.toString('base64')),
    base64.map((bytes) => bytes.toString('base64url')),
    home.map((parts) => parts.join('/')),
    host,
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.tuple(label, label, host).map(([user, password, at]) => `mqtts://${user}:${password}@${at}:8883`),
  )
  const around = fc.constantFrom(
    '',
    ' ',
    '"',
    "'",
    '(',
    ')',
    '[',
    ']',
    '<',
    '>',
    ': ',
    ',',
    ';',
    '.',
    '!',
    '\n',
    '=',
    '`',
  )
  const words = fc.lorem({ maxCount: 4 })

  it('never lets a secret out, whatever stands around it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(words, around, secret, around), { minLength: 1, maxLength: 4 }), (pieces) => {
        const told = anonymous(pieces.map((piece) => piece.join('')).join(' '))
        for (const [, , kept] of pieces) {
          // Whole, and of a long one each part that would tell something.
          const parts = kept.split(/[^A-Za-z0-9-]+/).filter((part) => part.length >= 6)
          for (const one of [kept, ...parts]) expect(told).not.toContain(one)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('is done at once with a line that was made to take long', () => {
    const started = performance.now()
    for (const one of ['a', "a'", '((', '))', '. ', 'a-', '1.', ' ']) anonymous(`${one.repeat(100_000)}a`)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})
