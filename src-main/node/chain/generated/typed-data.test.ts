import { readFileSync } from 'node:fs'
import { hexlify, recoverAddress, TypedDataEncoder } from 'ethers'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { identityId } from '#shared/model/identity.ts'
import { createTypedData } from '../typed-data.ts'

// The contracts are held against the same file (contracts/test/unit/TypedData.t.sol).
const number = z.string().regex(/^\d+$/).transform(BigInt)
const promise = { issuer: identityId, serial: number, benefiter: identityId, amount: number }
const signed = { structHash: z.string(), digest: z.string(), signer: z.string(), signature: z.string() }
const seconds = z.string().regex(/^\d+$/).transform(Number)
const file = z.object({
  chainId: z.number(),
  identityRegistry: z.string(),
  paymentAccounts: z.string(),
  vectors: z.array(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('registration'),
        value: z.object({ identity: identityId, payer: identityId, maxFee: number, deadline: seconds }),
        ...signed,
      }),
      z.object({ kind: z.literal('promise'), value: z.object(promise), ...signed }),
      z.object({ kind: z.literal('clearing'), value: z.object({ ...promise, acceptLess: z.boolean() }), ...signed }),
      z.object({
        kind: z.literal('clearing-batch'),
        value: z.object({ promises: z.array(z.object(promise)), acceptLess: z.boolean() }),
        ...signed,
      }),
      z.object({
        kind: z.literal('withdrawal'),
        value: z.object({ identity: identityId, to: identityId, amount: number, nonce: number, deadline: seconds }),
        ...signed,
      }),
    ]),
  ),
})

const path = new URL('../../../../contracts/vectors/typed-data.json', import.meta.url)
const { chainId, identityRegistry, paymentAccounts, vectors } = file.parse(JSON.parse(readFileSync(path, 'utf8')))
const typedData = createTypedData({
  chainId,
  contracts: { token: identityRegistry, serviceDirectory: identityRegistry, identityRegistry, paymentAccounts },
})

test('there is something of each kind to compare', () => {
  expect(new Set(vectors.map(({ kind }) => kind)).size).toBe(5)
  expect(vectors).toHaveLength(13)
})

test.each(vectors.map((vector, index) => ({ index, kind: vector.kind, vector })))(
  'the node hashes vector $index, a $kind, as the contracts do',
  ({ vector }) => {
    const { domain, types, value } = dataOf(vector)
    const [name = ''] = Object.keys(types)
    expect(TypedDataEncoder.hashStruct(name, types, value)).toBe(vector.structHash)
    expect(TypedDataEncoder.hash(domain, types, value)).toBe(vector.digest)
    if (vector.kind === 'promise') expect(hexlify(typedData.promiseDigest(vector.value))).toBe(vector.digest)
    expect(recoverAddress(vector.digest, vector.signature).toLowerCase()).toBe(vector.signer)
  },
)

function dataOf(vector: (typeof vectors)[number]) {
  switch (vector.kind) {
    case 'registration':
      return typedData.registration(vector.value)
    case 'promise':
      return typedData.promise(vector.value)
    case 'clearing':
      return typedData.clearing(vector.value, vector.value.acceptLess)
    case 'clearing-batch':
      return typedData.clearingBatch(vector.value.promises, vector.value.acceptLess)
    case 'withdrawal':
      return typedData.withdrawal(vector.value)
  }
}
