import { hexlify, TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import { createTypedData } from './typed-data.ts'

const identity = fc
  .bigInt({ min: 0n, max: 2n ** 160n - 1n })
  .map((value): IdentityId => `0x${value.toString(16).padStart(40, '0')}`)
const uint256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
const promise = fc.record({ issuer: identity, serial: uint256, benefiter: identity, amount: uint256 })

test('the digest of a promise is the one of its typed data, for every promise, contract and chain', () => {
  fc.assert(
    fc.property(promise, identity, fc.nat(), (promise, contract, chainId) => {
      const contracts = { token: contract, identityRegistry: contract, serviceDirectory: contract }
      const typedData = createTypedData({ chainId, contracts: { ...contracts, paymentAccounts: contract } })
      const { domain, types, value } = typedData.promise(promise)
      expect(hexlify(typedData.promiseDigest(promise))).toBe(TypedDataEncoder.hash(domain, types, value))
    }),
  )
})
