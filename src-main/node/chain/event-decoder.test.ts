import { Interface } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Hex } from '../ports/chain.ts'
import { createEventDecoder } from './event-decoder.ts'
import { contracts } from './generated/contracts.ts'

const abis = [
  ['event Sized(bytes32 indexed all, bytes4 some)'],
  contracts.IdentityRegistry.abi,
  contracts.ServiceDirectory.abi,
  contracts.PaymentAccounts.abi,
].map((abi) => new Interface(abi))
const events = abis.flatMap((abi) => {
  const found: { abi: Interface; name: string }[] = []
  abi.forEachEvent(({ name }) => void found.push({ abi, name }))
  return found
})

const hex = (length: number, digits = '0123456789abcdef') =>
  fc.array(fc.constantFrom(...digits), { minLength: length, maxLength: length }).map((all) => all.join(''))
const ofType = (type: string): fc.Arbitrary<unknown> => {
  if (type === 'address') return hex(40).map((digits) => `0x${digits}`)
  if (type === 'bytes') return fc.nat(200).chain((bytes) => hex(2 * bytes).map((digits) => `0x${digits}`))
  const size = /^bytes(\d+)$/.exec(type)?.[1]
  if (size !== undefined) return hex(2 * Number(size)).map((digits) => `0x${digits}`)
  return fc.bigInt(0n, 2n ** BigInt(type.slice(4)) - 1n)
}

const some = fc.constantFrom(...events).chain(({ abi, name }) => {
  const inputs = abi.getEvent(name)?.inputs ?? []
  return fc.tuple(...inputs.map(({ type }) => ofType(type))).map((values) => ({ abi, name, values }))
})

/** As ethers reads it, in our form. */
function reference(abi: Interface, log: { topics: string[]; data: string }): unknown {
  try {
    const parsed = abi.parseLog(log)
    if (!parsed) return undefined
    const args = parsed.fragment.inputs.map(({ name }, index): [string, unknown] => {
      const value: unknown = parsed.args[index]
      return [name, typeof value === 'string' ? value.toLowerCase() : value]
    })
    return { name: parsed.name, args: new Map(args) }
  } catch {
    return undefined
  }
}

describe('the decoder of our events', () => {
  it('reads every event of our contracts as ethers does', () => {
    fc.assert(
      fc.property(some, ({ abi, name, values }) => {
        const { topics, data } = abi.encodeEventLog(name, values)
        const log = { topics: topics as Hex[], data: data.toLowerCase() as Hex }
        const decoded = createEventDecoder(abi)(log)
        expect(decoded).toBeDefined()
        expect(decoded).toEqual(reference(abi, log))
      }),
    )
  })

  it('takes nothing for an event that ethers does not, and never throws, however a log is damaged', () => {
    const damage = fc.record({ at: fc.nat(600), digits: hex(64, '0f1'), cut: fc.nat(400), topics: fc.nat(4) })
    fc.assert(
      fc.property(some, damage, ({ abi, name, values }, { at, digits, cut, topics: kept }) => {
        const { topics, data } = abi.encodeEventLog(name, values)
        const text = data.slice(2)
        // Whole bytes: half ones do not pass the door (`quantities.ts`).
        const damaged = (text.slice(0, at) + digits + text.slice(at + 64)).slice(0, Math.max(0, text.length - 2 * cut))
        const log = { topics: topics.slice(0, kept) as Hex[], data: `0x${damaged}` as Hex }
        const decoded = createEventDecoder(abi)(log)
        if (decoded !== undefined) expect(decoded).toEqual(reference(abi, log))
      }),
    )
  })

  it('knows from the start what it cannot read', () => {
    expect(() => createEventDecoder(new Interface(['event Named(string name)']))).toThrow(/string/)
  })
})
