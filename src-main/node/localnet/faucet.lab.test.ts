import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { MYST } from '#shared/model/units.ts'
import { createJsonRpc } from '../chain/json-rpc.ts'
import type { Hex } from '../ports/chain.ts'
import { type LocalChain, startLocalChain } from '../testing/local-chain.ts'
import { askFaucet } from './faucet.ts'

let local: LocalChain
beforeAll(async () => {
  local = await startLocalChain()
}, 60_000)
afterAll(() => local.stop())

it('gives to many who ask at once', async () => {
  const addresses = Array.from({ length: 40 }, () => Wallet.createRandom().address.toLowerCase() as Hex)
  await Promise.all(addresses.map((address) => askFaucet(local.network, address, MYST)))
  const rpc = createJsonRpc(local.network.rpc)
  const balances = await Promise.all(
    addresses.map((address) =>
      rpc.call(z.string(), 'eth_call', [
        { to: local.network.contracts.token, data: `0x70a08231${address.slice(2).padStart(64, '0')}` },
        'latest',
      ]),
    ),
  )
  expect(balances.map(BigInt)).toEqual(addresses.map(() => MYST))
}, 60_000)
