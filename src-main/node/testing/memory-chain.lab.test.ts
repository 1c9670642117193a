import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MystError } from '#shared/errors/myst-error.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import { MYST } from '#shared/model/units.ts'

import { createChain } from '../chain/create-chain.ts'
import { systemClock } from '../lib/clock.ts'
import type { Chain, GasAccount } from '../ports/chain.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import { type LocalChain, startLocalChain } from './local-chain.ts'
import { createMemoryChain, type MemoryChain, noGas } from './memory-chain.ts'
import { createSigningIdentity } from './signing-identity.ts'

/** The notice period of a local network, in seconds. */
const NOTICE_S = 3 * 24 * 60 * 60
const SOMEBODY = `0x${'5e'.repeat(20)}` as const

let local: LocalChain
let real: Chain
let gas: GasAccount
let memory: MemoryChain
let nowS = 0
let steps = 0
const [a, b, mallory] = ['a', 'b', 'mallory'].map((name) => createSigningIdentity(`memory chain ${name}`)) as [
  UnlockedIdentity,
  UnlockedIdentity,
  UnlockedIdentity,
]

beforeAll(async () => {
  local = await startLocalChain()
  real = createChain({ network: local.network, clock: systemClock }, { receiptPollMs: 5 })
  gas = await local.gasAccount(100_000n)
  for (const identity of [a, b]) await real.register(identity, gas)
  const value = await real.registrationFee()
  memory = createMemoryChain({ registeredValue: () => value }, { nowS: () => nowS, noticeS: NOTICE_S })
})
afterAll(() => local?.stop())

type Step =
  | { do: 'deposit'; to: 'a' | 'b'; amount: bigint }
  | {
      do: 'clear'
      from: 'a' | 'b'
      serial: bigint
      amount: bigint
      acceptLess: boolean
      wrong?: 'issuer' | 'benefiter'
    }
  | { do: 'announce'; of: 'a' | 'b'; amount: bigint }
  | { do: 'execute'; of: 'a' | 'b' }
  | { do: 'wait' }

// Half of the registered value is a few MYST, so that some promises are above it.
const amount = fc.bigInt({ min: 0n, max: 8n }).map((whole) => whole * MYST + whole)
const who = fc.constantFrom('a' as const, 'b' as const)
const clear = fc.record(
  {
    do: fc.constant('clear' as const),
    from: who,
    serial: fc.bigInt({ min: 0n, max: 3n }),
    amount,
    acceptLess: fc.boolean(),
    wrong: fc.constantFrom('issuer' as const, 'benefiter' as const),
  },
  { requiredKeys: ['do', 'from', 'serial', 'amount', 'acceptLess'] },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: clear as fc.Arbitrary<Step>, weight: 6 },
  {
    arbitrary: fc.record({ do: fc.constant('deposit' as const), to: who, amount: amount.filter((x) => x > 0n) }),
    weight: 3,
  },
  fc.record({ do: fc.constant('announce' as const), of: who, amount }),
  fc.record({ do: fc.constant('execute' as const), of: who }),
  fc.record({ do: fc.constant('wait' as const) }),
)

describe('the payment accounts in memory', () => {
  it('answer as the contract does, step by step', async () => {
    // Serials of a run follow those of the runs before: both chains live on.
    let base = 0n
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 14, size: 'max' }), async (run) => {
        base += 4n
        for (const one of run) {
          steps++
          const [onChain, inMemory] = [await outcome(takeOnChain(one, base)), await outcome(takeInMemory(one, base))]
          expect(inMemory, fc.stringify(one)).toBe(onChain)
          for (const { id } of [a, b]) expect(await memory.balanceOf(id)).toBe(await real.balanceOf(id))
          expect(await memory.lastClearedSerial(a.id, b.id)).toBe(await real.lastClearedSerial(a.id, b.id))
          expect(await memory.lastClearedSerial(b.id, a.id)).toBe(await real.lastClearedSerial(b.id, a.id))
        }
      }),
      { numRuns: process.env.DEEP === '1' ? 120 : 30, endOnFailure: true },
    )
    expect(steps).toBeGreaterThan(100)
    if (process.env.DEEP === '1') console.log(`deep: ${steps} steps alike on the contract and on its model in memory`)
  }, 600_000)
})

/** What came of it: the error of the contract by name, or what was moved. */
async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    return `done ${await work}`
  } catch (error) {
    if (error instanceof MystError && error.name === 'TransactionFailed') return String(error.details?.error)
    throw error
  }
}

const side = (name: 'a' | 'b') => (name === 'a' ? a : b)

function promiseOf(chain: Pick<Chain, 'promiseTypedData'>, one: Extract<Step, { do: 'clear' }>, base: bigint) {
  const [issuer, benefiter] = one.from === 'a' ? [a, b] : [b, a]
  const bare = { issuer: issuer.id, serial: base + one.serial, benefiter: benefiter.id, amount: one.amount }
  const signer = one.wrong === 'issuer' ? mallory : issuer
  const promise: SignedPromise = { ...bare, signature: signer.signTypedData(chain.promiseTypedData(bare)) }
  return { promise, clearer: one.wrong === 'benefiter' ? mallory : benefiter }
}

async function takeOnChain(one: Step, base: bigint): Promise<unknown> {
  switch (one.do) {
    case 'deposit':
      return void (await real.deposit(side(one.to).id, one.amount, gas))
    case 'clear': {
      const { promise, clearer } = promiseOf(real, one, base)
      const moved = await real.clear(promise, clearer, gas, { acceptLess: one.acceptLess })
      return `${moved.amount} ${moved.fee}`
    }
    case 'announce':
      return void (await real.announceWithdrawal(side(one.of), one.amount, SOMEBODY, gas))
    case 'execute':
      return void (await real.executeWithdrawal(side(one.of).id, gas))
    case 'wait':
      await local.control('evm_increaseTime', NOTICE_S + 60)
      return void (await local.control('anvil_mine', '0x1'))
  }
}

async function takeInMemory(one: Step, base: bigint): Promise<unknown> {
  switch (one.do) {
    case 'deposit':
      return memory.deposit(side(one.to).id, one.amount)
    case 'clear': {
      const { promise, clearer } = promiseOf(memory, one, base)
      const moved = await memory.clear(promise, clearer, noGas, { acceptLess: one.acceptLess })
      return `${moved.amount} ${moved.fee}`
    }
    case 'announce':
      return void (await memory.announceWithdrawal(side(one.of), one.amount))
    case 'execute':
      return void (await memory.executeWithdrawal(side(one.of).id))
    case 'wait':
      nowS += NOTICE_S + 60
      return undefined
  }
}
