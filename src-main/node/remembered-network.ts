import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type NetworkFile, parseNetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'

/**
 * A home belongs to one network: promises and serials of one chain mean nothing on another. The file is
 * remembered only once the chain was checked against it, so that a wrong file does not stick.
 */
export type RememberedNetwork = {
  /** The given file when it is of the same network (its addresses may have moved), else the remembered one. */
  choose(given: NetworkFile | undefined): NetworkFile | undefined
  remember(network: NetworkFile): void
}

export function createRememberedNetwork(home: string): RememberedNetwork {
  const path = join(home, 'network.json')
  const read = (): NetworkFile | undefined => {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch {
      return undefined
    }
    return parseNetworkFile(text, path)
  }
  return {
    choose(given) {
      const remembered = read()
      if (!given || !remembered) return given ?? remembered
      if (identityOf(given) !== identityOf(remembered)) {
        throw new MystError(
          'OtherNetwork',
          `${home} was used with the network "${remembered.name}" and its promises are of that chain; choose another --home for "${given.name}".`,
        )
      }
      return given
    },
    remember(network) {
      const temporary = `${path}.new`
      writeFileSync(temporary, `${JSON.stringify(network, null, 2)}\n`, { mode: 0o600 })
      renameSync(temporary, path)
    },
  }
}

function identityOf({ chainId, contracts }: NetworkFile): string {
  return JSON.stringify([chainId, ...Object.values(contracts).map((address) => address.toLowerCase())])
}
