import 'reflect-metadata'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import type { Lab } from '../lab/lab.ts'
import type { Line, LineProcess } from '../lab/line-process.ts'

/**
 * OpenVPN as an experienced person would set it up by hand, with the ciphers the app uses: UDP,
 * AES-256-GCM, tls-crypt, P-256 certificates; all traffic through the tunnel, NAT at the server. This is
 * what the app's tunnel is measured against.
 */
export type HandTunnel = {
  device: string
  upMs: number
  /** Has OpenVPN restart by itself (SIGUSR1); resolves with the moment of that, once it is up again. */
  breakIt(): Promise<number>
  down(): Promise<void>
}
export type HandOpenVpn = { connect(): Promise<HandTunnel>; stop(): Promise<void> }

const PORT = 11_940
const SERVER_DEVICE = 'handserver'
const CLIENT_DEVICE = 'handclient'
const CIPHERS = ['--data-ciphers', 'AES-256-GCM', '--tls-version-min', '1.3', '--tls-cert-profile', 'preferred']
const READY = 'Initialization Sequence Completed'

export async function startHandOpenVpn(lab: Lab): Promise<HandOpenVpn> {
  const dir = join(lab.dir, 'hand-openvpn')
  mkdirSync(dir, { mode: 0o700 })
  const file = (name: string) => join(dir, name)
  await writeCertificates(file)
  await lab.hosts.run('provider', 'openvpn', ['--genkey', 'tls-crypt', file('tls-crypt.key')])
  const credentials = (name: string) => [
    ...['--ca', file('ca.crt'), '--cert', file(`${name}.crt`), '--key', file(`${name}.key`)],
    ...['--tls-crypt', file('tls-crypt.key')],
  ]

  await lab.hosts.run('provider', 'tee', ['/proc/sys/net/ipv4/ip_forward'], { input: '1' })
  await lab.hosts.run('provider', 'nft', ['-f', '-'], {
    input: `table ip hand { chain out { type nat hook postrouting priority srcnat; ip saddr 10.77.0.0/24 masquerade; }; }`,
  })
  const server = lab.start('provider', 'openvpn', [
    ...['--dev', SERVER_DEVICE, '--dev-type', 'tun', '--topology', 'subnet', '--server', '10.77.0.0', '255.255.255.0'],
    ...['--proto', 'udp', '--port', String(PORT), '--dh', 'none', '--keepalive', '10', '60'],
    ...['--push', 'redirect-gateway def1', '--remote-cert-tls', 'client', ...CIPHERS, ...credentials('server')],
  ])
  await untilReady(server)

  return {
    async connect() {
      const startedAt = performance.now()
      const client = lab.start('consumer', 'openvpn', [
        ...['--client', '--dev', CLIENT_DEVICE, '--dev-type', 'tun', '--nobind', '--proto', 'udp'],
        ...['--remote', lab.hosts.host('provider').address, String(PORT)],
        ...['--remote-cert-tls', 'server', ...CIPHERS, ...credentials('client')],
      ])
      await untilReady(client)
      const upMs = performance.now() - startedAt
      return {
        device: CLIENT_DEVICE,
        upMs,
        async breakIt() {
          const again = client.next(READY, isReady)
          const sinceMs = Date.now()
          client.kill('SIGUSR1')
          await again
          return sinceMs
        },
        down: async () => void (await client.stop()),
      }
    },
    async stop() {
      await server.stop()
      await lab.hosts.run('provider', 'nft', ['delete', 'table', 'ip', 'hand'])
    },
  }
}

const isReady = (line: Line) => String(line.text).includes(READY)

async function untilReady(openvpn: LineProcess): Promise<void> {
  await openvpn.until(READY, isReady, 30_000)
}

async function writeCertificates(file: (name: string) => string): Promise<void> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const dates = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) }
  const makeKeys = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const authority = await makeKeys()
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...dates,
    serialNumber: '01',
    name: 'CN=hand',
    keys: authority,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  })
  writeFileSync(file('ca.crt'), ca.toString('pem'))
  for (const [name, purpose, serialNumber] of [
    ['server', x509.ExtendedKeyUsage.serverAuth, '02'],
    ['client', x509.ExtendedKeyUsage.clientAuth, '03'],
  ] as const) {
    const keys = await makeKeys()
    const certificate = await x509.X509CertificateGenerator.create({
      ...dates,
      serialNumber,
      subject: `CN=${name}`,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: authority.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([purpose], true),
      ],
    })
    writeFileSync(file(`${name}.crt`), certificate.toString('pem'))
    const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
    writeFileSync(file(`${name}.key`), key, { mode: 0o600 })
  }
}
