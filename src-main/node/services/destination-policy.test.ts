import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import { createDestinationPolicy } from './destination-policy.ts'

const policy = createDestinationPolicy({ ownNetworks: () => [] })
const permits = (address: string, port = 443) => policy.permit(address, port)?.address

describe('the destination policy', () => {
  test.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.251',
    '239.255.255.250',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::FFFF:C0A8:0101',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '64:ff9b::10.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::',
    '64:ff9b:1::1',
    '2002:7f00:1::1',
    '2002:cb00:7105::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    '2a00::1%lo',
    'fec0::1',
    'ff02::1',
    '100::1',
  ])('refuses %s', (address) => expect(permits(address)).toBeUndefined())

  test.each([
    ['1.1.1.1', '1.1.1.1'],
    ['192.0.2.7', '192.0.2.7'],
    ['198.51.100.7', '198.51.100.7'],
    ['203.0.113.7', '203.0.113.7'],
    ['172.32.0.1', '172.32.0.1'],
    ['2001:DB8:0::7', '2001:db8::7'],
    ['2606:4700:4700::1111', '2606:4700:4700::1111'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['64:ff9b::203.0.113.7', '64:ff9b::cb00:7107'],
  ])('permits %s as %s', (address, plain) => expect(permits(address)).toBe(plain))

  test.each(['localhost', '', '127.1', '0x7f000001', '2130706433', '1.1.1.1 ', '1.1.1.1\0', '[::1]', '01.1.1.1'])(
    'refuses what is not an address: %j',
    (address) => expect(permits(address)).toBeUndefined(),
  )

  test.each([25, 465, 587, 0, -1, 65_536, 1.5, Number.NaN])('closes port %s', (port) =>
    expect(permits('203.0.113.7', port)).toBeUndefined(),
  )

  test('an exception is exact: this address and this port, in any spelling', () => {
    const lenient = createDestinationPolicy({
      ownNetworks: () => [],
      allow: [
        { address: '127.0.0.1', port: 8080 },
        { address: '::1', port: 25 },
      ],
    })
    expect(lenient.permit('127.0.0.1', 8080)).toEqual({ address: '127.0.0.1', family: 4 })
    expect(lenient.permit('::ffff:127.0.0.1', 8080)).toEqual({ address: '127.0.0.1', family: 4 })
    expect(lenient.permit('0:0:0:0:0:0:0:1', 25)).toEqual({ address: '::1', family: 6 })
    expect(lenient.permit('127.0.0.1', 8081)).toBeUndefined()
    expect(lenient.permit('127.0.0.2', 8080)).toBeUndefined()
    expect(lenient.permit('::1', 8080)).toBeUndefined()
  })

  test('networks that this machine is part of are refused, public ones too', () => {
    const home = createDestinationPolicy({ ownNetworks: () => ['2a02:8388:1::5/64', '203.0.113.9/28'] })
    expect(home.permit('2a02:8388:1::99', 80)).toBeUndefined()
    expect(home.permit('2a02:8388:2::99', 80)).toBeDefined()
    expect(home.permit('203.0.113.1', 80)).toBeUndefined()
    expect(home.permit('::ffff:203.0.113.1', 80)).toBeUndefined()
    expect(home.permit('64:ff9b::203.0.113.1', 80)).toBeUndefined()
    expect(home.permit('203.0.113.17', 80)).toBeDefined()
  })

  test("the machine's own address on the outside is refused, unless it is an exception", () => {
    expect(policy.permit('203.0.113.7', 80, { publicAddress: '203.0.113.7' })).toBeUndefined()
    expect(policy.permit('::ffff:203.0.113.7', 80, { publicAddress: '203.0.113.7' })).toBeUndefined()
    expect(policy.permit('203.0.113.8', 80, { publicAddress: '203.0.113.7' })).toBeDefined()
    expect(policy.permit('203.0.113.8', 80, { publicAddress: 'provider.example' })).toBeDefined()
    const lenient = createDestinationPolicy({ ownNetworks: () => [], allow: [{ address: '203.0.113.7', port: 80 }] })
    expect(lenient.permit('203.0.113.7', 80, { publicAddress: '203.0.113.7' })).toBeDefined()
  })

  test('every address of this very machine is refused by default', () => {
    const real = createDestinationPolicy()
    const addresses = Object.values(networkInterfaces()).flatMap((list = []) => list.map(({ address }) => address))
    expect(addresses.length).toBeGreaterThan(0)
    for (const address of addresses) expect(real.permit(address, 80)).toBeUndefined()
  })
})
