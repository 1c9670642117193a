import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AbiCoder, ContractFactory, getBytes, hexlify, Interface, JsonRpcProvider, keccak256, Wallet } from 'ethers'
import { z } from 'zod'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { SignedPromise } from '#shared/model/promise.ts'
import { MYST } from '#shared/model/units.ts'

import { clearArguments, clearManyArguments } from '../chain/clear-call.ts'
import { contracts } from '../chain/generated/contracts.ts'
import { quantity } from '../chain/quantities.ts'
import { createTypedData } from '../chain/typed-data.ts'
import type { Hex } from '../ports/chain.ts'
import { startLocalChain } from './local-chain.ts'
import { createSigningIdentity } from './signing-identity.ts'

/** What one transaction took, of whole transactions from their receipts; `promises` share it. */
export type GasCost = { what: string; gas: number; promises: number }
export type GasCosts = {
  transfer: GasCost
  hub: GasCost
  register: GasCost
  deposit: GasCost
  firstClear: GasCost
  clear: GasCost
  firstClearMany: GasCost
  clearMany: GasCost
  announceWithdrawal: GasCost
  executeWithdrawal: GasCost
}

const BATCH = 100
/** As the node writes them: serials are seconds, amounts are as they come. */
const SERIAL = 1_800_000_000n
const AMOUNT = 2n * MYST + 345_678_901_234_567_891n
const SOLC = fileURLToPath(new URL('../../../scripts/solc', import.meta.url))
const CONTRACTS = fileURLToPath(new URL('../../../contracts/', import.meta.url))
const receipt = z.object({ gasUsed: quantity, status: quantity, contractAddress: z.string().nullish() })
const DEADLINE = 2n ** 40n
const NOTICE_S = 3 * 24 * 60 * 60

/** Sends and waits until it is mined; the gas that it took. */
type Send = (to: string, abi: ContractFragments, name: string, ...args: unknown[]) => Promise<number>
type ContractFragments = ConstructorParameters<typeof Interface>[0]

/**
 * What our transactions cost on a real chain, beside two yardsticks there. "First" is what a pair or an account pays
 * once, because the contract writes where it has not written before.
 */
export async function measureGasCosts(): Promise<GasCosts> {
  const local = await startLocalChain()
  const provider = new JsonRpcProvider(local.network.rpc[0], local.network.chainId, { staticNetwork: true })
  try {
    const account = await provider.getSigner()
    const send: Send = async (to, abi, name, ...args) => {
      const data = new Interface(abi).encodeFunctionData(name, args)
      const { gasUsed, status } = await minedBy(provider, await account.sendUncheckedTransaction({ to, data }))
      if (status !== 1n) throw new Error(`${name} failed`)
      return Number(gasUsed)
    }
    const wait = (seconds: number) => provider.send('evm_increaseTime', [seconds])
    const { abi, bytecode } = compileHub()
    const operator = new Wallet(keccak256('0x01'))
    const deployment = await new ContractFactory(abi, bytecode).getDeployTransaction(
      local.network.contracts.token,
      operator.address,
    )
    const deployed = await minedBy(provider, await account.sendUncheckedTransaction(deployment))
    const hub = { address: z.string().parse(deployed.contractAddress), abi }
    const yardsticks = await measureYardsticks(local.network, send, operator, hub)
    return { ...yardsticks, ...(await measureOurs(local.network, send, account.address as Hex, wait)) }
  } finally {
    provider.destroy()
    await local.stop()
  }
}

/** Anvil may show a receipt a moment after the block that it is in, and then no further block comes to wait for. */
async function minedBy(provider: JsonRpcProvider, hash: string): Promise<z.output<typeof receipt>> {
  for (;;) {
    const found = receipt.nullable().parse(await provider.send('eth_getTransactionReceipt', [hash]))
    if (found) return found
    await setTimeout(5)
  }
}

async function measureOurs(
  network: NetworkFile,
  send: Send,
  payer: Hex,
  wait: (seconds: number) => Promise<unknown>,
): Promise<Omit<GasCosts, 'transfer' | 'hub'>> {
  const typedData = createTypedData(network)
  const { token, identityRegistry, paymentAccounts } = network.contracts
  const accounts = (name: string, ...args: unknown[]) =>
    send(paymentAccounts, contracts.PaymentAccounts.abi, name, ...args)
  for (const spender of [identityRegistry, paymentAccounts]) {
    await send(token, contracts.MystToken.abi, 'approve', spender, 100_000n * MYST)
  }
  const benefiter = createSigningIdentity('gas benefiter')
  const issuers = Array.from({ length: BATCH }, (_, index) => createSigningIdentity(`gas issuer ${index}`))
  let register = 0
  for (const { id, publicKey, signTypedData } of [benefiter, ...issuers]) {
    const maxFee = 10n * MYST
    const signed = signTypedData(typedData.registration({ identity: id, payer, maxFee, deadline: Number(DEADLINE) }))
    const key = hexlify(publicKey.subarray(1))
    const abi = contracts.IdentityRegistry.abi
    register = await send(identityRegistry, abi, 'register', key, maxFee, DEADLINE, signed)
    await accounts('deposit', id, 50n * MYST)
  }

  const promiseOf = (issuer: typeof benefiter, to: typeof benefiter, serial: bigint): SignedPromise => {
    const bare = { issuer: issuer.id, serial, benefiter: to.id, amount: AMOUNT }
    return { ...bare, signature: issuer.signTypedData(typedData.promise(bare)) }
  }
  const clear = (to: typeof benefiter, serial: bigint) => {
    const promise = promiseOf(issuer, to, serial)
    return accounts('clear', ...clearArguments(promise, to.signTypedData(typedData.clearing(promise, false)), false))
  }
  const clearMany = (serial: bigint) => {
    const promises = issuers.map((each) => promiseOf(each, benefiter, serial))
    const agreed = benefiter.signTypedData(typedData.clearingBatch(promises, false))
    return accounts('clearMany', ...clearManyArguments(promises, benefiter.id, agreed, false))
  }
  const issuer = createSigningIdentity('gas issuer 0')
  const one = (what: string, gas: number): GasCost => ({ what, gas, promises: 1 })
  // The network's account is paid for the first time by the first of all clearings, which is nobody's usual one.
  await clear(issuer, SERIAL)
  const costs = {
    register: one('register', register),
    deposit: one('deposit', await accounts('deposit', issuer.id, MYST)),
    firstClear: one('first clear of a pair', await clear(benefiter, SERIAL)),
    clear: one('clear', await clear(benefiter, SERIAL + 1n)),
    firstClearMany: { what: `first clearMany of ${BATCH}`, gas: await clearMany(SERIAL + 2n), promises: BATCH },
    clearMany: { what: `clearMany of ${BATCH}`, gas: await clearMany(SERIAL + 3n), promises: BATCH },
  }
  const withdrawal = { identity: issuer.id, to: payer, amount: MYST, nonce: 0n, deadline: Number(DEADLINE) }
  const signed = issuer.signTypedData(typedData.withdrawal(withdrawal))
  const announced = await accounts('announceWithdrawal', issuer.id, payer, MYST, 0n, DEADLINE, signed)
  await wait(NOTICE_S)
  return {
    ...costs,
    announceWithdrawal: one('announce a withdrawal', announced),
    executeWithdrawal: one('execute a withdrawal', await accounts('executeWithdrawal', issuer.id)),
  }
}

/** A bare ERC-20 transfer, and a company in the middle that settles with one signature and pays two parties. */
async function measureYardsticks(
  { chainId, contracts: { token } }: NetworkFile,
  send: Send,
  operator: Wallet,
  hub: { address: string; abi: ContractFragments },
): Promise<Pick<GasCosts, 'transfer' | 'hub'>> {
  const someone = new Wallet(keccak256('0x02')).address
  const transfer = (to: string, amount: bigint) => send(token, contracts.MystToken.abi, 'transfer', to, amount)
  const settle = async (sum: bigint) => {
    const types = ['uint256', 'address', 'address', 'uint256', 'uint256']
    const fields = [chainId, hub.address, someone, sum, AMOUNT / 100n]
    const digest = keccak256(AbiCoder.defaultAbiCoder().encode(types, fields))
    const signature = await operator.signMessage(getBytes(digest))
    return send(hub.address, hub.abi, 'settle', someone, sum, AMOUNT / 100n, signature)
  }
  await transfer(someone, AMOUNT)
  await transfer(hub.address, 100n * MYST)
  await settle(AMOUNT)
  return {
    transfer: { what: 'ERC-20 transfer', gas: await transfer(someone, AMOUNT), promises: 1 },
    hub: { what: 'hub, one signature', gas: await settle(2n * AMOUNT), promises: 1 },
  }
}

/** Compiled as our contracts are, so that the comparison is fair. */
function compileHub(): { abi: ContractFragments; bytecode: string } {
  const input = {
    language: 'Solidity',
    sources: {
      'yardstick/Hub.sol': { content: readFileSync(new URL('yardstick/Hub.sol', `file://${CONTRACTS}`), 'utf8') },
    },
    settings: {
      remappings: ['@openzeppelin/contracts/=../node_modules/@openzeppelin/contracts/'],
      evmVersion: 'cancun',
      viaIR: true,
      optimizer: { enabled: true, runs: 1_000_000 },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const run = spawnSync(process.execPath, [SOLC, '--standard-json'], {
    cwd: CONTRACTS,
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  const output = z
    .object({
      contracts: z.object({
        'yardstick/Hub.sol': z.object({
          Hub: z.object({ abi: z.array(z.any()), evm: z.object({ bytecode: z.object({ object: z.string() }) }) }),
        }),
      }),
    })
    .safeParse(JSON.parse(run.stdout))
  if (!output.success) throw new Error(`the yardstick does not compile: ${run.stdout}${run.stderr}`)
  const { abi, evm } = output.data.contracts['yardstick/Hub.sol'].Hub
  return { abi, bytecode: `0x${evm.bytecode.object}` }
}
