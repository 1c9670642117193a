import type { IdentityId } from '#shared/model/identity.ts'

import type { Logger } from '../lib/logger.ts'
import { identityOf } from '../lib/secp256k1.ts'
import type { EventReader } from '../ports/event-reader.ts'
import type { Registry } from '../ports/identity.ts'
import type { ChainRepository, Registration } from '../storage/chain-repository.ts'

export type FollowingRegistry = Registry & {
  /** How it learns from the chain: for the follower. */
  readonly reader: EventReader
  /** Called with each identity when it is registered and on disk. */
  onRegistered(handle: (id: IdentityId) => void): () => void
}

/**
 * Registered identities (whitepaper 6.3), as this node copied them from the chain. Whose key it is
 * follows from the key itself: an identity with another's key, which only a lying node can report, is
 * never written.
 */
export function createRegistry({
  repository,
  log,
}: {
  repository: Pick<ChainRepository, 'publicKey' | 'registeredValue' | 'addRegistration'>
  log: Logger
}): FollowingRegistry {
  const handles = new Set<(id: IdentityId) => void>()
  return {
    publicKey: repository.publicKey,
    registeredValue: repository.registeredValue,
    reader: {
      async prepare(events) {
        const registrations = events
          .filter((event): event is Registration => event.name === 'Registered')
          .filter((event) => {
            const fits = isUncompressed(event.publicKey) && identityOf(event.publicKey) === event.identity
            if (!fits) log.warn(`the blockchain node reported ${event.identity} with a key that is not its own`)
            return fits
          })
        return {
          write: () => registrations.forEach(repository.addRegistration),
          committed() {
            for (const { identity } of registrations) for (const handle of [...handles]) handle(identity)
          },
        }
      },
    },
    onRegistered(handle) {
      handles.add(handle)
      return () => void handles.delete(handle)
    },
  }
}

function isUncompressed(publicKey: Uint8Array): boolean {
  return publicKey.length === 65 && publicKey[0] === 4
}
