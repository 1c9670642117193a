import { isIPv6 } from 'node:net'

import { TUNNEL_MARK } from './guard.ts'
import type { ServerRequest, TunnelRequest } from './requests.ts'

/**
 * OpenVPN's configuration, written from typed fields only: addresses and ports that were parsed, PEM
 * that was encoded anew (`pem.ts`). It runs nothing (`script-security 0`), takes no option from the
 * other side but what the data channel needs, and touches neither addresses nor routes: that is done by
 * the helper, so that the other side's wishes pass through our own checks. OpenVPN therefore needs no
 * privilege once it is up, and gives it away.
 */
export type ConfigContext = { device: string; management: string; group: string | undefined }

/** Leaves room for the outer headers also on a path of 1492 bytes: nothing is fragmented. */
export const TUNNEL_MTU = 1420

/** Bytes; about 1,800 packets of full size. */
export const SOCKET_BUFFER = 2 * 1024 * 1024

/** What a server may push: its choice of address and of the data channel's terms, nothing else. */
const ACCEPTED_PUSHES = [
  'ifconfig ',
  'ifconfig-ipv6 ',
  'topology subnet',
  'peer-id ',
  'cipher ',
  'protocol-flags ',
  'key-derivation ',
]

export function clientConfig(request: TunnelRequest, context: ConfigContext): string {
  return lines([
    'tls-client',
    'pull',
    ...ACCEPTED_PUSHES.map((option) => `pull-filter accept "${option}"`),
    'pull-filter ignore ""',
    ...request.remotes.map(({ address, port, protocol }) => {
      const family = isIPv6(address) ? '6' : '4'
      return `remote ${address} ${port} ${protocol === 'udp' ? `udp${family}` : `tcp${family}-client`}`
    }),
    'nobind',
    // The guard lets these packets out and no others. Set while it is root still: it never connects anew after that.
    `mark ${TUNNEL_MARK}`,
    'connect-timeout 8',
    'connect-retry 1 4',
    'hand-window 12',
    'ping 10',
    'ping-restart 40',
    'remote-cert-tls server',
    ...common(context),
    ...inline(request),
  ])
}

export type ServerAddresses = { subnet4: string; subnet6: string | undefined }

/** `subnet4` and `subnet6` are prefixes without host part, as `addresses.ts` makes them. */
export function serverConfig(
  request: ServerRequest,
  context: ConfigContext & ServerAddresses & { dualStack: boolean },
): string {
  const family = context.dualStack ? '6' : '4'
  return lines([
    'mode server',
    'tls-server',
    'topology subnet',
    'push "topology subnet"',
    `ifconfig ${hostOf4(context.subnet4, 1)} 255.255.255.0`,
    ...(context.subnet6 === undefined
      ? []
      : [`ifconfig-ipv6 ${hostOf6(context.subnet6, 1)}/64 ${hostOf6(context.subnet6, 2)}`]),
    `proto ${request.protocol === 'udp' ? `udp${family}` : `tcp${family}-server`}`,
    `lport ${request.port}`,
    ...(request.protocol === 'udp' ? ['multihome'] : []),
    'dh none',
    'ping 10',
    'ping-restart 60',
    // Handshakes in progress take places too, and anybody who was a client once can begin one.
    'hand-window 15',
    `max-clients ${request.maxSessions + 512}`,
    'connect-freq 100 10',
    'verify-client-cert require',
    'remote-cert-tls client',
    // Let in is who has a file of its name here (`admission.ts`). The path is the working directory, because as
    // nobody it may not walk down to it.
    'client-config-dir .',
    'ccd-exclusive',
    ...common(context),
    ...inline(request),
  ])
}

export function hostOf4(subnet: string, host: number): string {
  return subnet.replace(/\.0$/, `.${host}`)
}

export function hostOf6(subnet: string, host: number): string {
  return `${subnet}${host.toString(16)}`
}

function common({ device, management, group }: ConfigContext): string[] {
  return [
    `dev ${device}`,
    'dev-type tun',
    `tun-mtu ${TUNNEL_MTU}`,
    'ifconfig-noexec',
    'route-noexec',
    'disable-dco',
    'script-security 0',
    'allow-compression no',
    'tls-version-min 1.3',
    'data-ciphers AES-256-GCM:CHACHA20-POLY1305',
    'cipher AES-256-GCM',
    // With the usual buffer bursts are lost before they are read, and were counted by the other side already.
    `sndbuf ${SOCKET_BUFFER}`,
    `rcvbuf ${SOCKET_BUFFER}`,
    'persist-tun',
    'persist-key',
    'user nobody',
    ...(group === undefined ? [] : [`group ${group}`]),
    // It calls us and ends when we are gone: it can not outlive the helper, not even after kill -9.
    `management ${management} unix`,
    'management-client',
    'management-hold',
    'verb 3',
  ]
}

function inline(request: { ca: string; certificate: string; privateKey: string; tlsCrypt: string }): string[] {
  return [
    `<ca>\n${request.ca}</ca>`,
    `<cert>\n${request.certificate}</cert>`,
    `<key>\n${request.privateKey}</key>`,
    `<tls-crypt>\n${request.tlsCrypt}</tls-crypt>`,
  ]
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
