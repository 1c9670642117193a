import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

import { type ChecksumLists, createChecksums, SYSTEM_LISTS } from './checksums.ts'
import { Failure } from './failure.ts'
import { isRootOnly } from './root-only.ts'

export type ProgramName = 'openvpn' | 'ip' | 'nft' | 'tc' | 'setpriv'

/**
 * The programs that the helper runs: a name to the absolute path of the file. The one place that decides
 * what is run with all rights. Throws `OpenVpnMissing`, `ProgramMissing` or `ProgramChanged`. Asked when a
 * program is needed, so that a tunnel does not fail over a firewall it does not use.
 */
export type Programs = (name: ProgramName) => string

const SYSTEM = ['/usr/sbin', '/sbin', '/usr/bin']
const PACKAGES = { openvpn: 'openvpn', ip: 'iproute2', nft: 'nftables', tc: 'iproute2', setpriv: 'util-linux' } as const

/** `bundled`: where the app's package has its own programs, which come first; it need not be there. */
export function createPrograms(bundled: string, places = SYSTEM, lists: ChecksumLists = SYSTEM_LISTS): Programs {
  const requireKnown = createChecksums(lists)
  return (name) => {
    const { file, place } = findProgram(name, [bundled, ...places])
    if (place === bundled) requireKnown({ file, listed: name, bundled })
    else requireKnown({ file, debian: PACKAGES[name] })
    return file
  }
}

/**
 * For restoring the internet only, which must not fail over an update of `nft`: what root alone can change, whatever
 * its checksum is.
 */
export function anyPrograms(bundled: string): Programs {
  return (name) => findProgram(name, [bundled, ...SYSTEM]).file
}

/** Only what nobody but root can change, nor any directory above it. Links are resolved once, here. */
function findProgram(name: ProgramName, places: readonly string[]): { file: string; place: string } {
  for (const place of places) {
    const path = join(place, name)
    const file = existsSync(path) ? realpathSync(path) : undefined
    if (file !== undefined && isRootOnly(file)) return { file, place }
  }
  const hint = `was not found where only root could change it; install it (Debian, Ubuntu: apt install ${PACKAGES[name]}).`
  if (name === 'openvpn') throw new Failure('OpenVpnMissing', `OpenVPN ${hint}`)
  throw new Failure('ProgramMissing', `The program ${name} ${hint}`)
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
