import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../lib/logger.ts'
import { createHosts, type HostName, type Hosts, whyNoHosts } from '../../localnet/hosts.ts'
import { openVpnAvailability } from '../../network/openvpn-availability.ts'
import { createHostNodes, type HostNode, type HostNodes } from '../../testing/host-node.ts'
import { OPENVPN } from '../../testing/openvpn-program.ts'
import { createAuthority, createRequest, issueClient, issueServer } from './certificates.ts'
import { decodePem, encodeStaticKey } from './pem.ts'

const NODE = `
import { connect } from 'node:net'
${OPENVPN}
let consumer
const operations = {
  async createConsumer() {
    consumer = await openvpn.createConsumer({ controlEndpoints: [] })
    return consumer.request()
  },
  /** Whether an answer comes from a host, if only that nobody listens there. */
  answers: (host) => new Promise((resolve) => {
    const socket = connect({ host, port: 9, timeout: 3000 })
    const done = (result) => { socket.destroy(); resolve(result) }
    socket.on('connect', () => done(true)).on('timeout', () => done(false)).on('error', ({ code }) => done(code === 'ECONNREFUSED'))
  }),
  connect: (data) => consumer.start(data, new AbortController().signal),
  async leave() { await consumer?.stop(); await guard.open(); await privilege.stop() },
}`

/** What a server may say in OpenVPN's protocol and a client without a will of its own obeys. */
const PUSHES = [
  ...['route 0.0.0.0 128.0.0.0', 'route 128.0.0.0 128.0.0.0', 'route 192.0.2.0 255.255.255.0 net_gateway'],
  ...['redirect-gateway def1 bypass-dhcp ipv6', 'redirect-private', 'route-gateway 10.77.0.1', 'route-metric 1'],
  ...['route-ipv6 2000::/3', 'route-ipv6 ::/1', 'dhcp-option DNS 6.6.6.6', 'dhcp-option DOMAIN evil.example'],
  ...['dns server 0 address 6.6.6.6', 'block-outside-dns', 'block-ipv6', 'register-dns', 'tun-mtu 68', 'mssfix 100'],
  ...['setenv LD_PRELOAD /tmp/x.so', 'setenv-safe x y', 'up /bin/sh', 'route-up /bin/sh', 'plugin /tmp/x.so'],
  ...['script-security 3', 'management 127.0.0.1 7505', 'config /etc/passwd', 'log /tmp/x', 'writepid /tmp/x'],
  ...[
    'compress lz4-v2',
    'comp-lzo yes',
    'auth-token x',
    'auth-token-user x',
    'echo x',
    'user root',
    'remote 192.0.2.9',
  ],
  ...['inactive 1', 'explicit-exit-notify 3', 'sndbuf 2048', 'socket-flags TCP_NODELAY'],
]
/** More than one reply of OpenVPN's holds. */
const MANY_ROUTES = Array.from({ length: 3_000 }, (_, n) => `route 172.${16 + (n >> 8)}.${n & 255}.0 255.255.255.0`)

const unavailable = whyNoHosts() ?? (openVpnAvailability().available ? undefined : 'no OpenVPN')

describe.skipIf(unavailable !== undefined)("a provider's own OpenVPN [needs root] [needs openvpn]", async () => {
  const authority = await createAuthority(Date.now())
  const own = await issueServer(authority, Date.now())
  const tlsCrypt = encodeStaticKey(Buffer.alloc(256, 9))
  let hosts: Hosts
  let nodes: HostNodes
  const servers: ChildProcess[] = []

  beforeAll(async () => {
    hosts = await createHosts({ prefix: 'pushtest', log: silentLogger })
    nodes = createHostNodes(hosts, NODE)
  }, 30_000)
  afterEach(async () => {
    await Promise.all(servers.splice(0).map(end))
    await nodes.end()
  })
  afterAll(() => hosts?.dispose())

  async function end(child: ChildProcess): Promise<void> {
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }

  /** Runs OpenVPN by hand and waits until it says it is ready. */
  async function openvpn(host: HostName, config: readonly string[]): Promise<void> {
    const child = hosts.exec(host, 'openvpn', ['--config', 'stdin'], { stdio: ['pipe', 'pipe', 'inherit'] })
    servers.push(child)
    const { promise, resolve } = Promise.withResolvers<void>()
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      if (process.env.MYST_TEST_LOG) console.log(host, line)
      if (line.includes('Initialization Sequence Completed')) resolve()
    })
    child.stdin?.end(`${config.join('\n')}\n`)
    await promise
  }

  const inline = (certificate: string, privateKey: string) => [
    `<ca>\n${authority.certificate}</ca>`,
    `<cert>\n${certificate}</cert>`,
    `<key>\n${privateKey}</key>`,
    `<tls-crypt>\n${tlsCrypt}</tls-crypt>`,
  ]

  async function serve(
    pushes: readonly string[],
    { pool = ['ifconfig-pool 10.77.0.2 10.77.0.9'], ciphers = 'AES-256-GCM', mtu = 1_500 } = {},
  ): Promise<void> {
    await openvpn('provider', [
      ...['mode server', 'tls-server', 'proto udp4', 'lport 1194', 'dev tun', 'topology subnet', 'dh none', 'verb 3'],
      ...['ifconfig 10.77.0.1 255.255.255.0', 'push "topology subnet"', 'duplicate-cn', 'ping 10', 'ping-restart 60'],
      `data-ciphers ${ciphers}`,
      `tun-mtu ${mtu}`,
      ...pool,
      ...pushes.map((push) => `push "${push}"`),
      ...inline(own.certificate, own.privateKey),
    ])
  }

  async function connect(): Promise<{ consumer: HostNode; connected: Promise<unknown> }> {
    const consumer = await nodes.start('consumer')
    const { certificateRequest }: { certificateRequest: string } = await consumer.call('createConsumer')
    const der = decodePem(certificateRequest, 'CERTIFICATE REQUEST') ?? Buffer.alloc(0)
    const connected = consumer.call('connect', {
      version: 1,
      remotes: [{ address: hosts.host('provider').address, port: 1194, protocol: 'udp' }],
      ca: authority.certificate,
      certificate: await issueClient(authority, der, 'session-1', Date.now()),
      tlsCrypt,
    })
    connected.catch(() => undefined)
    return { consumer, connected }
  }

  /** Everything about a host that a client obeying a server would have changed. */
  async function stateOf(host: HostName): Promise<string> {
    const show = [
      ['ip', '-o', 'link'],
      ['ip', '-o', 'addr'],
      ['ip', 'route', 'show', 'table', 'all'],
      ['ip', '-6', 'route', 'show', 'table', 'all'],
      ['ip', 'rule'],
      ['ip', '-6', 'rule'],
      ['nft', '-s', 'list', 'ruleset'],
      ['cat', '/etc/resolv.conf', '/etc/hosts'],
      ['ss', '-Hltn'],
    ] as const
    const texts = await Promise.all(show.map(([file, ...args]) => hosts.run(host, file, args)))
    // Devices are counted on, and link numbers with them.
    return texts
      .join('\n')
      .replaceAll(/^\d+: /gm, '')
      .replaceAll(/ expires \d+sec| pref medium/g, '')
  }

  async function tunnelState(...said: Parameters<typeof serve>): Promise<string> {
    await serve(...said)
    const { consumer, connected } = await connect()
    expect(await connected).toEqual({})
    const state = await stateOf('consumer')
    await consumer.call('leave')
    await Promise.all(servers.splice(0).map(end))
    await nodes.end()
    return state
  }

  it('is obeyed by a client that takes what it is sent', async () => {
    const before = await stateOf('internet')
    // Without what that client would itself refuse to take or end over.
    await serve(
      PUSHES.filter((push) => /^(route |route-g|route-i|redirect)/.test(push)),
      { mtu: 576 },
    )
    const { request, privateKey } = await createRequest()
    const der = decodePem(request, 'CERTIFICATE REQUEST') ?? Buffer.alloc(0)
    const certificate = (await issueClient(authority, der, 'session-1', Date.now())) ?? ''
    await openvpn('internet', [
      ...['client', 'dev tun', 'proto udp4', `remote ${hosts.host('provider').address} 1194`, 'nobind', 'verb 3'],
      ...inline(certificate, privateKey),
    ])
    const after = await stateOf('internet')
    expect(before).not.toContain('0.0.0.0/1')
    expect(after).toContain('0.0.0.0/1 via')
    expect(after).toMatch(/192\.0\.2\.0\/24 via/)
    expect(after).toMatch(/tun0: .* mtu 576 /)
  }, 60_000)

  it('changes nothing by what it pushes: addresses, routes, rules, names, sizes and sockets are as without', async () => {
    const plain = await tunnelState([])
    expect(plain).toMatch(/mystc0 +inet 10\.77\.0\.\d+\/32/)
    expect(await tunnelState(PUSHES, { mtu: 576 })).toBe(plain)
  }, 120_000)

  it.each([
    ["one of the consumer's own network", 'ifconfig 198.51.100.20 255.255.255.128'],
    ['loopback', 'ifconfig 127.0.0.1 255.0.0.0'],
    ['a public one', 'ifconfig 9.9.9.9 255.255.255.0'],
    ['one of many', 'ifconfig 224.0.0.1 255.255.255.0'],
    ['everybody', 'ifconfig 255.255.255.255 255.255.255.255'],
    ['a public one of IPv6', 'ifconfig 10.77.0.2 255.255.255.0', 'ifconfig-ipv6 2001:db8:4::20/64 2001:db8:4::1'],
    ['loopback of IPv6', 'ifconfig 10.77.0.2 255.255.255.0', 'ifconfig-ipv6 ::1/64 ::2'],
    [
      'IPv4 in the clothes of IPv6',
      'ifconfig 10.77.0.2 255.255.255.0',
      'ifconfig-ipv6 ::ffff:127.0.0.1/96 ::ffff:127.0.0.2',
    ],
  ])(
    'is refused with %s as the address in the tunnel',
    async (_, ...pushes) => {
      const before = await stateOf('consumer')
      await serve(pushes, { pool: [] })
      const { consumer, connected } = await connect()
      await expect(connected).rejects.toThrow(/^TunnelRefused: The provider chose a tunnel address/)
      await consumer.call('leave')
      expect(await stateOf('consumer')).toBe(before)
    },
    30_000,
  )

  it.each([['cipher none'], ['cipher BF-CBC'], ['auth none']])('talks as it must after it pushed %s', async (push) => {
    await serve([push])
    const { consumer, connected } = await connect()
    expect(await connected).toEqual({})
    // Its own side was settled by negotiation, so a client without a cipher could not be understood.
    expect(await consumer.call('answers', '10.77.0.1')).toBe(true)
    await consumer.call('leave')
  })

  it.each([
    ['more options than fit into one reply', MANY_ROUTES, {}],
    ['no cipher of ours', [], { ciphers: 'AES-128-CBC' }],
    ['a cipher of its own choice', ['cipher AES-128-CBC'], { ciphers: 'AES-128-CBC' }],
    ['no address', [], { pool: [] }],
  ])(
    'is refused with %s',
    async (_, pushes, ways) => {
      const before = await stateOf('consumer')
      await serve(pushes, ways)
      const { consumer, connected } = await connect()
      await expect(connected).rejects.toThrow(/^(TunnelFailed|TunnelRefused): The provider/)
      await consumer.call('leave')
      expect(await stateOf('consumer')).toBe(before)
    },
    90_000,
  )
})
