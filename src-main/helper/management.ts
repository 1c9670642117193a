import { isIP } from 'node:net'

/**
 * OpenVPN's management interface, the lines that we need (management-notes.txt). A client's
 * notification comes as several lines and is given out when its last one is there.
 */
export type ManagementEvent =
  /** It waits for us before it (again) tries; `waitSeconds` is how long it would rest by itself. */
  | { event: 'hold'; waitSeconds: number }
  | { event: 'state'; state: string; address4?: string; address6?: string }
  | { event: 'fatal'; message: string }
  | {
      event: 'client'
      kind: 'connect' | 'reauth' | 'established' | 'disconnect'
      clientId: number
      keyId?: number
      commonName: string
    }

/** No line of OpenVPN's is longer. */
export const MAX_MANAGEMENT_LINE = 16 * 1024
const MAX_ENVIRONMENT = 256

type Pending = { kind: 'connect' | 'reauth' | 'established' | 'disconnect'; clientId: number; keyId?: number }

export function createManagementParser(emit: (event: ManagementEvent) => void): (line: string) => void {
  let pending: Pending | undefined
  let environment = new Map<string, string>()

  const onClient = (text: string) => {
    const entry = /^ENV,([A-Za-z0-9_]{1,64})=(.*)$/.exec(text)
    if (entry) {
      if (environment.size < MAX_ENVIRONMENT) environment.set(entry[1] ?? '', entry[2] ?? '')
      return
    }
    if (text === 'ENV,END') {
      if (pending) emit({ event: 'client', ...pending, commonName: environment.get('common_name') ?? '' })
      pending = undefined
      return
    }
    const [, kind, clientId, keyId] =
      /^(CONNECT|REAUTH|ESTABLISHED|DISCONNECT),(\d{1,10})(?:,(\d{1,10}))?$/.exec(text) ?? []
    if (kind === undefined) return
    environment = new Map()
    pending = {
      kind: kind.toLowerCase() as Pending['kind'],
      clientId: Number(clientId),
      ...(keyId !== undefined && { keyId: Number(keyId) }),
    }
  }

  return (line) => {
    const [, kind, text = ''] = /^>([A-Z_0-9]+):(.*)$/.exec(line) ?? []
    if (kind === 'HOLD') emit({ event: 'hold', waitSeconds: Math.min(Number(/:(\d{1,3})$/.exec(text)?.[1] ?? 0), 10) })
    else if (kind === 'FATAL') emit({ event: 'fatal', message: text })
    else if (kind === 'CLIENT') onClient(text)
    else if (kind === 'STATE') {
      // time, state, detail, local address, remote address, port, local address, port, local IPv6 address
      const fields = text.split(',')
      const [address4 = '', address6 = ''] = [fields[3], fields[8]]
      emit({
        event: 'state',
        state: fields[1] ?? '',
        ...(isIP(address4) === 4 && { address4 }),
        ...(isIP(address6) === 6 && { address6 }),
      })
    }
  }
}
