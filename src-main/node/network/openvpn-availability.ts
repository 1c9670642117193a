import { existsSync } from 'node:fs'
import { hasTunDevice, helperWay, systemProgram } from './this-computer.ts'

export type Availability = { available: true } | { available: false; name: string; message: string }

/**
 * Whether OpenVPN can be used here, found out without asking for a password: the same places are looked
 * at again, more strictly, by the helper. `bundled`: directory of programs that came with the app.
 */
export function openVpnAvailability(bundled?: string, servicePath?: string): Availability {
  const no = (name: string, message: string): Availability => ({ available: false, name, message })
  if (process.platform !== 'linux') return no('NotSupported', 'OpenVPN is supported on Linux only so far.')
  if (!(bundled !== undefined && existsSync(`${bundled}/openvpn`)) && systemProgram('openvpn') === undefined) {
    return no('OpenVpnMissing', 'OpenVPN was not found; install it (Debian, Ubuntu: apt install openvpn).')
  }
  if (!hasTunDevice()) {
    return no('NoTunDevice', 'This machine has no /dev/net/tun; load the tun module or allow it to the container.')
  }
  if (helperWay(servicePath) === undefined) {
    return no(
      'NotPermitted',
      'OpenVPN needs root: run myst as root, or install pkexec so that it can ask for a password.',
    )
  }
  return { available: true }
}
