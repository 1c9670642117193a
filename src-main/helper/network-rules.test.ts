import { describe, expect, it } from 'vitest'
import { freeSubnet4, freeSubnet6, isAcceptableTunnelAddress, isPossibleRemote } from './addresses.ts'
import { createClients } from './clients.ts'
import { readCounters } from './firewall.ts'
import { createManagementParser, type ManagementEvent } from './management.ts'
import { directRoute, tunnelRoutes } from './routes.ts'
import { readClasses } from './shaper.ts'

describe('addresses', () => {
  it('takes a network that meets no route of this machine', () => {
    const taken = ['default', '10.64.0.0/10', '10.128.0.0/10', '10.192.0.0/11', '10.224.0.0/12', '10.240.0.0/13']
    for (let i = 0; i < 20; i++) expect(Number(freeSubnet4(taken)?.split('.')[1])).toBeGreaterThanOrEqual(248)
    expect(freeSubnet4(['10.0.0.0/8'])).toBeUndefined()
    expect(freeSubnet4(['10.1.2.3'])).toMatch(/^10\.\d+\.\d+\.0$/)
  })

  it('writes IPv6 prefixes as the kernel does', () => {
    for (let i = 0; i < 200; i++) {
      const address = `${freeSubnet6()}5`
      expect(new URL(`http://[${address}]/`).hostname).toBe(`[${address}]`)
      expect(address).toMatch(/^fd/)
    }
  })

  it('refuses remotes and tunnel addresses that can not be meant well', () => {
    for (const bad of [
      '127.0.0.1',
      '0.0.0.0',
      '169.254.1.1',
      '224.0.0.1',
      '255.255.255.255',
      '::1',
      '::',
      'fe80::1',
      'ff02::1',
      '::ffff:127.0.0.1',
    ]) {
      expect(isPossibleRemote(bad), bad).toBe(false)
    }
    for (const good of ['203.0.113.10', '192.168.1.1', '2001:db8::1']) expect(isPossibleRemote(good), good).toBe(true)
    for (const bad of ['8.8.8.8', '127.0.0.1', '2001:db8::1', 'fe80::1']) {
      expect(isAcceptableTunnelAddress(bad, 'mystc0'), bad).toBe(false)
    }
    for (const good of ['10.255.254.2', 'fd00::2']) expect(isAcceptableTunnelAddress(good, 'mystc0'), good).toBe(true)
  })

  it('gives an address back last', () => {
    const clients = createClients({ subnet4: '10.9.8.0', subnet6: 'fd00:1:2:1::' })
    const first = clients.add('one')
    expect(first).toMatchObject({ address4: '10.9.8.2', address6: 'fd00:1:2:1::2' })
    clients.remove('one')
    const given = Array.from({ length: 253 }, (_, index) => clients.add(`client-${index}`).number)
    expect(new Set(given).size).toBe(253)
    expect(given.at(-1)).toBe(first.number)
    expect(() => clients.add('one more')).toThrow('Every address')
  })
})

describe('routes', () => {
  it('keeps a direct route the way it was, and none where none is needed', () => {
    const via = [{ dst: '192.0.2.10', gateway: '198.51.100.1', dev: 'eth0' }]
    expect(directRoute('192.0.2.10', via)?.args.join(' ')).toBe(
      '192.0.2.10/32 via 198.51.100.1 dev eth0 table 7110 proto 109',
    )
    const onLink = [{ dst: '198.51.100.20', dev: 'eth0' }]
    expect(directRoute('198.51.100.20', onLink)?.args.join(' ')).toBe('198.51.100.20/32 dev eth0 table 7110 proto 109')
    expect(directRoute('127.0.0.1', [{ type: 'local', dev: 'lo' }])).toBeUndefined()
    expect(directRoute('2001:db8::1', [])).toBeUndefined()
    const six = directRoute('192.0.2.10', [{ via: { family: 'inet6', host: 'fe80::1' }, dev: 'eth0' }])
    expect(six?.args.join(' ')).toBe('192.0.2.10/32 via inet6 fe80::1 dev eth0 table 7110 proto 109')
  })

  it('ends IPv6 where the tunnel has none', () => {
    const routes = tunnelRoutes('mystc0', '10.9.8.2', undefined).map(
      ({ family, args }) => `${family} ${args.join(' ')}`,
    )
    expect(routes).toContain('6 unreachable default table 7110 proto 109')
    expect(routes).toContain('6 lookup 7110 pref 7110 protocol 109')
  })
})

describe('what programs print', () => {
  const parse = (...lines: string[]) => {
    const events: ManagementEvent[] = []
    const feed = createManagementParser((event) => events.push(event))
    for (const line of lines) feed(line)
    return events
  }

  it('reads who is connected, out of a whole list only', () => {
    const row = (name: string, clientId: string) =>
      `CLIENT_LIST\t${name}\t192.0.2.9:1194\t10.1.1.2\tfd00::2\t1\t2\tnow\t1700000000\tUNDEF\t${clientId}\t0\tAES-256-GCM`
    const header = 'HEADER\tCLIENT_LIST\tCommon Name\tReal Address'
    expect(
      parse(
        row('before', '1'),
        ...['TITLE\tOpenVPN', header, row('session-1', '3'), row('UNDEF', '4'), row('a name', '5'), row('six', 'x')],
        ...['HEADER\tROUTING_TABLE\tVirtual Address', 'ROUTING_TABLE\t10.1.1.2\tsession-9', 'END', 'END'],
        ...[header, row('cut', '7'), header, row('session-2', '8'), 'END', header, 'END', header, row('open', '9')],
      ),
    ).toEqual([
      { event: 'clients', clients: [{ clientId: 3, commonName: 'session-1' }] },
      { event: 'clients', clients: [{ clientId: 8, commonName: 'session-2' }] },
      { event: 'clients', clients: [] },
    ])
  })

  it('reads state, hold and fatal', () => {
    expect(
      parse(
        '>STATE:1700000000,CONNECTED,SUCCESS,10.8.0.2,192.0.2.1,1194,,,fd00::2',
        '>STATE:1700000000,CONNECTED,SUCCESS,no,192.0.2.1',
        '>HOLD:Waiting for hold release:2',
        '>FATAL:bad',
      ),
    ).toEqual([
      { event: 'state', state: 'CONNECTED', address4: '10.8.0.2', address6: 'fd00::2' },
      { event: 'state', state: 'CONNECTED' },
      { event: 'hold', waitSeconds: 2 },
      { event: 'fatal', message: 'bad' },
    ])
  })

  it('reads counters of firewall and queue', () => {
    const set = { name: 'up4', elem: ['10.0.0.9', { elem: { val: '10.0.0.2', counter: { packets: 1, bytes: 60 } } }] }
    expect(readCounters(JSON.stringify({ nftables: [{ metainfo: {} }, { set }] })).get('up4')).toEqual(
      new Map([['10.0.0.2', 60n]]),
    )
    const text =
      'class htb 1:1f root prio 0 rate 40Gbit\n Sent 4096 bytes 3 pkt (dropped 0)\n backlog 0b\n\nclass htb 1:2 root\n Sent 7 bytes 1 pkt\n'
    expect(readClasses(text)).toEqual(
      new Map([
        [31, 4096n],
        [2, 7n],
      ]),
    )
  })
})
