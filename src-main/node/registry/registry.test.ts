import { beforeEach, describe, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'

import { silentLogger } from '../lib/logger.ts'
import type { ChainEvent } from '../ports/chain.ts'
import { type ChainRepository, createChainRepository } from '../storage/chain-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { createSigningIdentity } from '../testing/signing-identity.ts'
import { createRegistry, type FollowingRegistry } from './registry.ts'

const alice = createSigningIdentity('alice')
const mallory = createSigningIdentity('mallory')
const range = { toBlock: 1, headBlock: 1 }

let repository: ChainRepository
let registry: FollowingRegistry
beforeEach(() => {
  const store = openStore(':memory:')
  migrate(store)
  repository = createChainRepository(store)
  repository.addBlock({ number: 1, hash: '0x01' }, false)
  registry = createRegistry({ repository, log: silentLogger })
})

const registered = (identity: IdentityId, publicKey: Uint8Array, logIndex = 0): ChainEvent => ({
  name: 'Registered',
  identity,
  publicKey,
  value: 10n,
  blockNumber: 1,
  blockHash: '0x01',
  logIndex,
  transactionHash: '0x02',
})

describe('the registry', () => {
  it('knows the key and the value of whoever is registered', async () => {
    const told: string[] = []
    const off = registry.onRegistered((id) => told.push(id))
    const prepared = await registry.reader.prepare([registered(alice.id, alice.publicKey)], range)
    expect(registry.publicKey(alice.id)).toBeUndefined()
    prepared.write()
    expect(told).toEqual([])
    prepared.committed()
    expect(told).toEqual([alice.id])
    expect(registry.publicKey(alice.id)).toEqual(alice.publicKey)
    expect(registry.registeredValue(alice.id)).toBe(10n)
    expect(registry.registeredValue(mallory.id)).toBe(0n)
    off()
    prepared.committed()
    expect(told).toEqual([alice.id])
  })

  it('takes no key for an identity that does not follow from it, whatever the node says', async () => {
    const told: string[] = []
    registry.onRegistered((id) => told.push(id))
    const compressed = Uint8Array.of(2, ...alice.publicKey.subarray(1, 33))
    const prepared = await registry.reader.prepare(
      [
        registered(alice.id, mallory.publicKey, 0),
        registered(alice.id, compressed, 1),
        registered(alice.id, Uint8Array.of(6, ...alice.publicKey.subarray(1)), 2),
        registered(alice.id, new Uint8Array(), 3),
        registered(mallory.id, mallory.publicKey, 4),
      ],
      range,
    )
    prepared.write()
    prepared.committed()
    expect(registry.publicKey(alice.id)).toBeUndefined()
    expect(told).toEqual([mallory.id])
  })
})
