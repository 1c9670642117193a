import type { IdentityId } from '#shared/model/identity.ts'
import { MYST } from '#shared/model/units.ts'
import { createUnlockedIdentity } from '../identity/unlocked-identity.ts'
import { randomPrivateKey } from '../lib/secp256k1.ts'
import type { Registry, UnlockedIdentity } from '../ports/identity.ts'

/** A real identity with a fresh key, or the one of a given key. */
export function createTestIdentity(privateKey: Uint8Array = randomPrivateKey()): UnlockedIdentity {
  return createUnlockedIdentity(privateKey)
}

export type MemoryRegistry = Registry & {
  register(identity: UnlockedIdentity, value?: bigint): void
  forget(id: IdentityId): void
}

export function createMemoryRegistry(...identities: UnlockedIdentity[]): MemoryRegistry {
  const registered = new Map<IdentityId, { publicKey: Uint8Array; value: bigint }>()
  const registry: MemoryRegistry = {
    publicKey: (id) => registered.get(id)?.publicKey,
    registeredValue: (id) => registered.get(id)?.value ?? 0n,
    register: (identity, value = 100n * MYST) =>
      void registered.set(identity.id, { publicKey: identity.publicKey, value }),
    forget: (id) => void registered.delete(id),
  }
  for (const identity of identities) registry.register(identity)
  return registry
}
