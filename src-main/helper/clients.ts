import { Failure } from './failure.ts'
import type { Client } from './firewall.ts'
import { hostOf4, hostOf6, type ServerAddresses } from './openvpn-config.ts'

export type AdmittedClient = Client & { commonName: string }

/** Who has which address in the tunnel. An address that was given back is the last to be given again. */
export type Clients = {
  of(commonName: string): AdmittedClient | undefined
  add(commonName: string): AdmittedClient
  remove(commonName: string): void
  all(): AdmittedClient[]
}

const FIRST = 2
const LAST = 254

export function createClients(addresses: ServerAddresses): Clients {
  const byName = new Map<string, AdmittedClient>()
  let next = FIRST
  return {
    of: (commonName) => byName.get(commonName),
    all: () => [...byName.values()],
    remove: (commonName) => void byName.delete(commonName),
    add(commonName) {
      const taken = new Set([...byName.values()].map(({ number }) => number))
      for (let tried = FIRST; tried <= LAST; tried++) {
        const number = next
        next = next === LAST ? FIRST : next + 1
        if (taken.has(number)) continue
        const client = {
          commonName,
          number,
          address4: hostOf4(addresses.subnet4, number),
          address6: addresses.subnet6 === undefined ? undefined : hostOf6(addresses.subnet6, number),
        }
        byName.set(commonName, client)
        return client
      }
      throw new Failure('ServerFull', 'Every address of the tunnel is taken.')
    },
  }
}
