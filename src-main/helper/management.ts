import { isIPv4, isIPv6 } from 'node:net'

import { COMMON_NAME, plainAddress } from './fields.ts'

/**
 * OpenVPN's management interface, the lines that we need (management-notes.txt). A list comes as several
 * lines and is given out when its last one is there.
 */
export type ManagementEvent =
  /** It waits for us before it (again) tries; `waitSeconds` is how long it would rest by itself. */
  | { event: 'hold'; waitSeconds: number }
  | { event: 'state'; state: string; address4?: string; address6?: string }
  | { event: 'fatal'; message: string }
  /** The answer to `status 3`: who is connected, by the name in the certificate. */
  | { event: 'clients'; clients: { clientId: number; commonName: string }[] }

/** No line of OpenVPN's is longer. */
export const MAX_MANAGEMENT_LINE = 16 * 1024
const MAX_LISTED = 1_024

export function createManagementParser(emit: (event: ManagementEvent) => void): (line: string) => void {
  let listed: { clientId: number; commonName: string }[] | undefined

  return (line) => {
    const [, kind, text = ''] = /^>([A-Z_0-9]+):(.*)$/.exec(line) ?? []
    if (kind === 'HOLD') emit({ event: 'hold', waitSeconds: Math.min(Number(/:(\d{1,3})$/.exec(text)?.[1] ?? 0), 10) })
    else if (kind === 'FATAL') emit({ event: 'fatal', message: text })
    else if (kind === 'STATE') {
      // time, state, detail, local address, remote address, port, local address, port, local IPv6 address
      const fields = text.split(',')
      const [address4 = '', address6 = ''] = [fields[3], fields[8]].map((field) => plainAddress(field ?? '') ?? '')
      emit({
        event: 'state',
        state: fields[1] ?? '',
        ...(isIPv4(address4) && { address4 }),
        ...(isIPv6(address6) && { address6 }),
      })
    } else if (line.startsWith('HEADER\tCLIENT_LIST\t')) listed = []
    else if (line.startsWith('CLIENT_LIST\t')) {
      const fields = line.split('\t')
      const [commonName = '', clientId = ''] = [fields[1], fields[10]]
      // In the middle of a handshake it is called UNDEF.
      if (commonName === 'UNDEF' || !COMMON_NAME.test(commonName) || !/^\d{1,10}$/.test(clientId)) return
      if (listed && listed.length < MAX_LISTED) listed.push({ clientId: Number(clientId), commonName })
    } else if (line === 'END' && listed) {
      emit({ event: 'clients', clients: listed })
      listed = undefined
    }
  }
}
