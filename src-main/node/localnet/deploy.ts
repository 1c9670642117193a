import { ContractFactory, getAddress, id, JsonRpcProvider, type JsonRpcSigner } from 'ethers'
import { type NetworkFile, networkFile } from '#shared/contract/network-file.ts'
import { firstProblem } from '#shared/errors/first-problem.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { MYST } from '#shared/model/units.ts'
import { contracts } from '../chain/generated/contracts.ts'

export type DeployOptions = {
  /** JSON-RPC address of a chain whose first account is unlocked and has gas. */
  rpc: string
  name: string
  brokers: readonly string[]
  probes: readonly string[]
  local: boolean
}

const REGISTRATION_FEE = { initial: 10n * MYST, minimum: MYST, maximum: 1_000n * MYST }
const NETWORK_FEE_BPS = 100n
const NOTICE_PERIOD_S = 3n * 24n * 60n * 60n
const NO_PRICE_FEED = '0x0000000000000000000000000000000000000000'
const ANSWER_MS = 10_000
const MINED_MS = 120_000

/** Where forfeited fees and the network's share go on a test network: addresses that nobody has a key for. */
export const TREASURY = derivedAddress('Mysterium test network treasury')
export const NETWORK_ACCOUNT = derivedAddress('Mysterium test network account')

/**
 * Deploys all contracts for a new test network and describes it. The chain's first account pays, signs
 * (`eth_sendTransaction`: no private key passes through here) and holds the whole supply of MYST afterwards.
 *
 * Throws `ChainUnreachable`, `NoUnlockedAccount`, `DeployFailed`, or `InvalidNetworkFile` when name, brokers or
 * probes are not what a network file may contain; the last before anything is deployed.
 */
export async function deployNetwork(options: DeployOptions): Promise<NetworkFile> {
  const { rpc, name, brokers, probes, local } = options
  const describe = (found: Pick<NetworkFile, 'chainId' | 'startBlock' | 'contracts'>): NetworkFile => {
    const result = networkFile.safeParse({ name, rpc: [rpc], brokers, probes, local, ...found })
    if (result.success) return result.data
    throw new MystError('InvalidNetworkFile', `${firstProblem(result.error)}.`)
  }
  const nowhere = { token: TREASURY, identityRegistry: TREASURY, serviceDirectory: TREASURY, paymentAccounts: TREASURY }
  describe({ chainId: 1, startBlock: 0, contracts: nowhere })

  const chainId = await askChainId(rpc)
  const provider = new JsonRpcProvider(rpc, chainId, { staticNetwork: true })
  provider.pollingInterval = 100
  try {
    return describe({ chainId, ...(await deployContracts(provider)) })
  } catch (cause) {
    if (cause instanceof MystError) throw cause
    throw new MystError('DeployFailed', 'The contracts could not be deployed; see the cause.', { cause })
  } finally {
    provider.destroy()
  }
}

async function deployContracts(provider: JsonRpcProvider) {
  const signer = await unlockedAccount(provider)
  const startBlock = (await provider.getBlockNumber()) + 1
  const { initial, minimum, maximum } = REGISTRATION_FEE
  // Sent one after the other without waiting: each address follows from the nonce, and blocks may be slow.
  const token = await send(signer, 'MystToken', [signer.address])
  const registryArguments = [token.address, NO_PRICE_FEED, TREASURY, initial, minimum, maximum]
  const registry = await send(signer, 'IdentityRegistry', registryArguments)
  const directory = await send(signer, 'ServiceDirectory', [])
  const accountsArguments = [token.address, registry.address, NETWORK_ACCOUNT, NETWORK_FEE_BPS, NOTICE_PERIOD_S]
  const accounts = await send(signer, 'PaymentAccounts', accountsArguments)
  for (const sent of [token, registry, directory, accounts]) await sent.mined()
  return {
    startBlock,
    contracts: {
      token: token.address,
      identityRegistry: registry.address,
      serviceDirectory: directory.address,
      paymentAccounts: accounts.address,
    },
  }
}

async function send(signer: JsonRpcSigner, name: keyof typeof contracts, constructorArguments: unknown[]) {
  const { abi, bytecode } = contracts[name]
  const contract = await new ContractFactory(abi, bytecode, signer).deploy(...constructorArguments)
  const address = await contract.getAddress()
  const mined = async () => {
    const receipt = await contract.deploymentTransaction()?.wait(1, MINED_MS)
    if (receipt?.status !== 1 || (await signer.provider.getCode(address)) === '0x') {
      throw new MystError('DeployFailed', `${name} was not deployed.`)
    }
  }
  return { address, mined }
}

async function unlockedAccount(provider: JsonRpcProvider): Promise<JsonRpcSigner> {
  const [first] = await provider.listAccounts()
  if (!first) throw new MystError('NoUnlockedAccount', 'The chain has no unlocked account to deploy from.')
  return first
}

/** Asked by hand first: a JsonRpcProvider would wait for ever for a chain that does not answer. */
async function askChainId(rpc: string): Promise<number> {
  const unreachable = (cause?: unknown) =>
    new MystError('ChainUnreachable', 'The chain does not answer; is it running, and is its address right?', { cause })
  try {
    const response = await fetch(rpc, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    const answer = (await response.json()) as { result?: unknown }
    const chainId = typeof answer.result === 'string' ? Number(answer.result) : Number.NaN
    if (!Number.isSafeInteger(chainId) || chainId <= 0) throw unreachable()
    return chainId
  } catch (cause) {
    throw cause instanceof MystError ? cause : unreachable(cause)
  }
}

function derivedAddress(label: string): string {
  return getAddress(`0x${id(label).slice(-40)}`)
}
