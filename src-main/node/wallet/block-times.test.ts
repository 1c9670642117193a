import { expect, it } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import type { Hex } from '../ports/chain.ts'
import { createBlockTimes } from './block-times.ts'

const hash: Hex = `0x${'0a'.repeat(32)}`

function learning(blockTime: (number: number) => Promise<{ hash: Hex; minedAt: number } | undefined>) {
  const kept: number[] = []
  const blocks = { setBlockTime: ({ number }: { number: number }) => void kept.push(number) }
  return { kept, learn: createBlockTimes({ chain: { blockTime }, blocks, log: silentLogger }) }
}

it('keeps the times that the chain tells, of a hundred blocks in one go', async () => {
  const { kept, learn } = learning(async (number) => (number === 3 ? undefined : { hash, minedAt: number }))
  await learn([3, 2, 1])
  expect(kept).toEqual([2, 1])
  await learn(Array.from({ length: 300 }, (_, index) => 1_000 - index))
  expect(kept).toHaveLength(102)
})

it('asks no further where the chain does not answer', async () => {
  let asked = 0
  const { kept, learn } = learning(async () => {
    asked++
    throw new Error('gone')
  })
  await learn(Array.from({ length: 50 }, (_, index) => index))
  expect(asked).toBeLessThanOrEqual(5)
  expect(kept).toEqual([])
})
