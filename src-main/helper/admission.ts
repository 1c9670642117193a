import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { AdmittedClient } from './clients.ts'
import { hostOf6, type ServerAddresses } from './openvpn-config.ts'

/**
 * Who OpenVPN lets in: the names that have a file in this directory (`ccd-exclusive`), with the addresses that the
 * file gives them. Asking us for each client would cost each of them a second: OpenVPN looks only once a second
 * whether an answer came.
 *
 * OpenVPN reads them as nobody, so they are open to read; nobody else gets here, as the directory above is root's own.
 */
export type Admission = {
  readonly directory: string
  admit(client: AdmittedClient): void
  revoke(commonName: string): void
}

export function createAdmission(parent: string, addresses: ServerAddresses): Admission {
  const directory = join(parent, 'clients')
  const { subnet6 } = addresses
  // Of a server that ran before.
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  chmodSync(directory, 0o711)
  return {
    directory,
    admit({ commonName, address4, address6 }) {
      const file = join(directory, commonName)
      const six =
        address6 === undefined || subnet6 === undefined
          ? ''
          : `ifconfig-ipv6-push ${address6}/64 ${hostOf6(subnet6, 1)}\n`
      writeFileSync(file, `ifconfig-push ${address4} 255.255.255.0\n${six}`)
      chmodSync(file, 0o644)
    },
    revoke: (commonName) => rmSync(join(directory, commonName), { force: true }),
  }
}
