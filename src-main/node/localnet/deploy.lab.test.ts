import {
  Contract,
  concat,
  HDNodeWallet,
  JsonRpcProvider,
  type JsonRpcSigner,
  Signature,
  toBeHex,
  zeroPadBytes,
} from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { networkFile } from '#shared/contract/network-file.ts'
import { MYST } from '#shared/model/units.ts'
import { contracts } from '../chain/generated/contracts.ts'
import { silentLogger } from '../lib/logger.ts'
import { type Anvil, startAnvil } from './anvil.ts'
import { deployNetwork, NETWORK_ACCOUNT, TREASURY } from './deploy.ts'

const DAY_S = 24 * 60 * 60
const described = { name: 'local', brokers: ['mqtt://127.0.0.1:1883'], probes: ['http://127.0.0.1:8080/'], local: true }

describe('a network deployed on the local chain', () => {
  let anvil: Anvil
  let provider: JsonRpcProvider
  let account: JsonRpcSigner

  beforeAll(async () => {
    anvil = await startAnvil({ host: '127.0.0.1', port: 0, log: silentLogger })
    provider = new JsonRpcProvider(anvil.rpc, undefined, { staticNetwork: true, cacheTimeout: -1 })
    provider.pollingInterval = 20
    account = await provider.getSigner(0)
  })
  afterAll(async () => {
    provider?.destroy()
    await anvil?.stop()
  })

  const deploy = () => deployNetwork({ rpc: anvil.rpc, ...described })

  test('is described by its file, and its contracts know each other', async () => {
    const before = await provider.getBlockNumber()
    const network = await deploy()
    expect(networkFile.parse(network)).toEqual(network)
    expect(network).toMatchObject({ ...described, chainId: 31_337, rpc: [anvil.rpc], startBlock: before + 1 })

    const { token, identityRegistry, serviceDirectory, paymentAccounts } = network.contracts
    const myst = new Contract(token, contracts.MystToken.abi, provider)
    const registry = new Contract(identityRegistry, contracts.IdentityRegistry.abi, provider)
    const accounts = new Contract(paymentAccounts, contracts.PaymentAccounts.abi, provider)
    const ask = (of: Contract, view: string, ...rest: unknown[]) => of.getFunction(view)(...rest)
    expect(await ask(myst, 'balanceOf', account.address)).toBe(32_433_365n * MYST)
    expect(await ask(registry, 'token')).toBe(token)
    expect(await ask(registry, 'treasury')).toBe(TREASURY)
    expect(await ask(registry, 'fee')).toBe(10n * MYST)
    expect(await ask(registry, 'minFee')).toBe(MYST)
    expect(await ask(registry, 'maxFee')).toBe(1_000n * MYST)
    expect(await ask(accounts, 'token')).toBe(token)
    expect(await ask(accounts, 'registry')).toBe(identityRegistry)
    expect(await ask(accounts, 'networkAccount')).toBe(NETWORK_ACCOUNT)
    expect(await ask(accounts, 'networkFeeBps')).toBe(100n)
    expect(await ask(accounts, 'noticePeriod')).toBe(BigInt(3 * DAY_S))
    expect(await provider.getCode(serviceDirectory)).not.toBe('0x')
  })

  test('lets an identity register, pay in, have a promise cleared and take the rest out', async () => {
    const network = await deploy()
    const { token, identityRegistry, paymentAccounts } = network.contracts
    const call = async (
      address: string,
      abi: (typeof contracts)[keyof typeof contracts]['abi'],
      name: string,
      ...rest: unknown[]
    ) => (await new Contract(address, abi, account).getFunction(name)(...rest)).wait()
    const { MystToken, IdentityRegistry, PaymentAccounts } = contracts
    const accounts = new Contract(paymentAccounts, PaymentAccounts.abi, provider)
    const domain = (name: string, verifyingContract: string) => ({
      name,
      version: '1',
      chainId: network.chainId,
      verifyingContract,
    })
    const issuer = HDNodeWallet.createRandom()
    const benefiter = HDNodeWallet.createRandom()
    const to = HDNodeWallet.createRandom().address
    const deadline = (await provider.getBlock('latest'))?.timestamp ?? 0
    const later = deadline + 600
    await call(token, MystToken.abi, 'approve', identityRegistry, 10n * MYST)
    await call(token, MystToken.abi, 'approve', paymentAccounts, 20n * MYST)

    const publicKey = `0x${issuer.signingKey.publicKey.slice(4)}`
    const registration = {
      identity: issuer.address,
      payer: account.address,
      maxFee: 10n * MYST,
      nonce: 0n,
      deadline: later,
    }
    const registered = await issuer.signTypedData(
      domain('Mysterium IdentityRegistry', identityRegistry),
      { Registration: fields('address identity,address payer,uint256 maxFee,uint256 nonce,uint256 deadline') },
      registration,
    )
    await call(identityRegistry, IdentityRegistry.abi, 'register', publicKey, 10n * MYST, later, registered)
    await call(paymentAccounts, PaymentAccounts.abi, 'deposit', issuer.address, 20n * MYST)

    const paying = domain('Mysterium PaymentAccounts', paymentAccounts)
    const promise = { issuer: issuer.address, serial: 1n, benefiter: benefiter.address, amount: 5n * MYST }
    const promised = 'address issuer,uint256 serial,address benefiter,uint256 amount'
    const byIssuer = await issuer.signTypedData(paying, { Promise: fields(promised) }, promise)
    const byBenefiter = await benefiter.signTypedData(
      paying,
      { Clearing: fields(`${promised},bool acceptLess`) },
      { ...promise, acceptLess: false },
    )
    const [a, b] = [Signature.from(byIssuer), Signature.from(byBenefiter)]
    const paying5 = concat([issuer.address, toBeHex(5n * MYST, 12)])
    const terms = zeroPadBytes(concat([benefiter.address, toBeHex(a.v), toBeHex(b.v)]), 32)
    await call(paymentAccounts, PaymentAccounts.abi, 'clear', paying5, terms, 1n, [a.r, a.s], [b.r, b.s])
    expect(await accounts.getFunction('balanceOf')(benefiter.address)).toBe((5n * MYST * 99n) / 100n)
    expect(await accounts.getFunction('balanceOf')(NETWORK_ACCOUNT)).toBe((5n * MYST) / 100n)

    const withdrawal = { identity: issuer.address, to, amount: 15n * MYST, nonce: 0n, deadline: later }
    const withdrawn = await issuer.signTypedData(
      paying,
      { Withdrawal: fields('address identity,address to,uint256 amount,uint256 nonce,uint256 deadline') },
      withdrawal,
    )
    const announced = [issuer.address, to, 15n * MYST, 0n, later, withdrawn]
    await call(paymentAccounts, PaymentAccounts.abi, 'announceWithdrawal', ...announced)
    await provider.send('evm_increaseTime', [3 * DAY_S])
    await call(paymentAccounts, PaymentAccounts.abi, 'executeWithdrawal', issuer.address)
    expect(await new Contract(token, MystToken.abi, provider).getFunction('balanceOf')(to)).toBe(15n * MYST)
  })

  test('can be deployed twice on one chain without sharing anything', async () => {
    const first = Object.values((await deploy()).contracts)
    const second = Object.values((await deploy()).contracts)
    expect(new Set([...first, ...second]).size).toBe(8)
  })

  test('is not deployed when its description is not valid', async () => {
    const nonce = await account.getNonce()
    const invalid = deployNetwork({ rpc: anvil.rpc, ...described, brokers: ['http://127.0.0.1'] })
    await expect(invalid).rejects.toMatchObject({ name: 'InvalidNetworkFile' })
    expect(await account.getNonce()).toBe(nonce)
  })
})

test('blocks that take their time do not stop a deployment', async () => {
  const slow = await startAnvil({ host: '127.0.0.1', port: 0, blockTimeS: 1, log: silentLogger })
  try {
    const network = await deployNetwork({ rpc: slow.rpc, ...described })
    expect(Object.values(network.contracts)).toHaveLength(4)
  } finally {
    await slow.stop()
  }
})

test('a chain that is not there is named as the trouble', async () => {
  const gone = await startAnvil({ host: '127.0.0.1', port: 0, log: silentLogger })
  await gone.stop()
  await expect(deployNetwork({ rpc: gone.rpc, ...described })).rejects.toMatchObject({ name: 'ChainUnreachable' })
})

function fields(list: string) {
  return list.split(',').map((field) => {
    const [type = '', name = ''] = field.split(' ')
    return { name, type }
  })
}
