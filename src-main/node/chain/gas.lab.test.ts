import { expect, it } from 'vitest'
import { measureGasCosts } from '../testing/gas-costs.ts'

/** Whole transactions of the node on a real chain. */
it('clearing costs no more than it may', async () => {
  const { clear, clearMany, transfer, hub } = await measureGasCosts()
  expect(clear.gas).toBeLessThanOrEqual(54_000)
  expect(clearMany.promises).toBe(100)
  expect(clearMany.gas / clearMany.promises).toBeLessThanOrEqual(18_500)
  // One clearing, with two signatures and no company in the middle, costs less than settling with one through it.
  expect(clear.gas).toBeLessThan(hub.gas)
  expect(clearMany.gas / clearMany.promises).toBeLessThan(transfer.gas)
}, 120_000)
