import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { Failure } from './failure.ts'

/** The programs that the helper runs, by absolute path. */
export type Programs = { openvpn: string; ip: string; nft: string; tc: string }

const SYSTEM = ['/usr/sbin', '/sbin', '/usr/bin']

/**
 * The one place that decides which file is run with all rights. First what came with the app, then the
 * system's; and only what nobody but root can change, nor any directory above it, links resolved.
 */
export function findProgram(name: string, bundled: string | undefined): string | undefined {
  const places = bundled === undefined ? SYSTEM : [bundled, ...SYSTEM]
  return places.map((place) => join(place, name)).find((file) => existsSync(file) && isRootOnly(realpathSync(file)))
}

/** Looked up when needed, so that a tunnel does not fail over a firewall it does not use. */
export function requireProgram(name: keyof Programs, bundled: string | undefined): string {
  const found = findProgram(name, bundled)
  if (found !== undefined) return found
  if (name === 'openvpn') {
    throw new Failure('OpenVpnMissing', 'OpenVPN was not found; install it (Debian, Ubuntu: apt install openvpn).')
  }
  const debian = name === 'nft' ? 'nftables' : 'iproute2'
  throw new Failure(
    'ProgramMissing',
    `The program ${name} was not found; install it (Debian, Ubuntu: apt install ${debian}).`,
  )
}

export function requireTunDevice(): void {
  if (existsSync('/dev/net/tun')) return
  throw new Failure(
    'NoTunDevice',
    'This machine has no /dev/net/tun; load the tun module or allow it to the container.',
  )
}

/** The group without rights, which has two names in the world. */
export function unprivilegedGroup(): string | undefined {
  const names = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((line) => line.split(':')[0])
  return ['nogroup', 'nobody'].find((name) => names.includes(name))
}

function isRootOnly(path: string): boolean {
  const { uid, mode } = statSync(path)
  if (uid !== 0 || (mode & 0o022) !== 0) return false
  return path === '/' || isRootOnly(dirname(path))
}
