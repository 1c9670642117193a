import { isIP } from 'node:net'
import { join } from 'node:path'
import { readCertificate, selfMadeCertificate } from '../certificate.ts'
import { bare, hostOf } from '../hosts.ts'
import type { HttpDoorOptions } from '../http.ts'
import { isLoopback } from '../listen.ts'
import { type CommandLine, number, UsageError } from './arguments.ts'

/**
 * Where the page is. `--port`, or neither: loopback. `--listen`: beyond loopback with TLS, by the owner's certificate or
 * one that the node makes in its home. `--path`: a Unix socket. Throws `UsageError`.
 */
export function placeOf({ home, options }: CommandLine): Pick<HttpDoorOptions, 'listen' | 'tls'> {
  const { path, listen, 'tls-cert': certificate, 'tls-key': privateKey } = options
  if ([path, listen, options.port].filter((option) => option !== undefined).length > 1) {
    throw new UsageError('--listen, --port and --path exclude one another')
  }
  if ((certificate === undefined) !== (privateKey === undefined)) {
    throw new UsageError('--tls-cert and --tls-key go together')
  }
  const { host, port } = listen === undefined ? { host: '127.0.0.1', port: number(options, 'port') ?? 0 } : at(listen)
  const hosts = (options.name ?? []).map(named)
  if (path !== undefined || (isLoopback(host) && certificate === undefined)) {
    if (hosts.length > 0 || certificate !== undefined) {
      throw new UsageError('--name, --tls-cert and --tls-key need --listen with an address that others reach')
    }
    return { listen: path === undefined ? { host, port } : { path } }
  }
  if (certificate !== undefined && privateKey !== undefined) {
    return { listen: { host, port }, tls: () => readCertificate({ certificate, privateKey, hosts }, Date.now()) }
  }
  const reached = hosts.length > 0 ? hosts : [named(host)]
  if (reached.some((name) => ['0.0.0.0', '[::]'].includes(name))) {
    throw new UsageError(`--listen ${listen} needs --name: the name or address by which this computer is reached`)
  }
  const file = join(home, 'page-certificate.pem')
  return { listen: { host, port }, tls: () => selfMadeCertificate(file, reached, Date.now()) }
}

/** `192.0.2.1:8443` or `[2001:db8::1]:8443`. */
function at(text: string): { host: string; port: number } {
  const [, host = '', digits] = /^(\[[^\]]+\]|[^[\]:]+):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (isIP(bare(host)) !== (host.startsWith('[') ? 6 : 4) || !(port <= 65_535)) {
    throw new UsageError(
      '--listen needs an IP address of this computer and a port: 192.0.2.1:8443 or [2001:db8::1]:8443',
    )
  }
  return { host: bare(hostOf(host) ?? host), port }
}

function named(text: string): string {
  const host = hostOf(text)
  if (host === undefined) throw new UsageError(`--name needs the name or address of a host, not ${text.slice(0, 80)}`)
  return host
}
