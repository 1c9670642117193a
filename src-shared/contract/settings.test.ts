import { expect, it } from 'vitest'
import { DEFAULT_SETTINGS, settings } from './settings.ts'

const read = (resolver: string) => settings.safeParse({ ...DEFAULT_SETTINGS, resolver })

it.each(['default', '9.9.9.9', '1.1.1.1', '172.32.0.1', '100.128.0.1', '198.51.100.53', '2620:fe::fe', '2001:DB8::53'])(
  'takes %s as a resolver',
  (resolver) => {
    expect(read(resolver).success).toBe(true)
  },
)

it.each([
  ...['127.0.0.1', '127.255.255.254', '0.0.0.0', '224.0.0.251', '239.1.1.1', '255.255.255.255', '240.0.0.1'],
  ...['10.0.0.1', '172.16.0.1', '172.31.255.254', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
  ...[
    '::',
    '::1',
    'ff02::fb',
    'fe80::1',
    'fe80::1%eth0',
    'fd00::53',
    '::ffff:127.0.0.1',
    '::ffff:9.9.9.9',
    '2002:7f00:1::1',
  ],
  ...[
    '',
    ' 9.9.9.9',
    '9.9.9.9 ',
    '9.9.9',
    '9.9.9.9/32',
    '09.9.9.9',
    '9.9.9.9; accept',
    '0x7f000001',
    'dns.quad9.net',
    'DEFAULT',
  ],
])('refuses %j, in a sentence that does not repeat it', (resolver) => {
  const { success, error } = read(resolver)
  expect(success).toBe(false)
  const message = error?.issues[0]?.message ?? ''
  expect(message).toMatch(/name server/)
  if (resolver.trim().length > 3) expect(message).not.toContain(resolver)
})
