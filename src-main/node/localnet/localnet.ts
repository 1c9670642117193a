import type { NetworkFile } from '#shared/contract/network-file.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { createAccountReader } from '../chain/account-reader.ts'
import { createChain } from '../chain/create-chain.ts'
import { createFollower } from '../chain/follower.ts'
import { systemClock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { createRegistry } from '../registry/registry.ts'
import { createChainRepository } from '../storage/chain-repository.ts'
import { migrate } from '../storage/migrate.ts'
import { openStore } from '../storage/open-store.ts'
import { startAnvil } from './anvil.ts'
import { startBroker } from './broker.ts'
import { deployNetwork } from './deploy.ts'

/** Where people expect a development chain and a broker; a free port where these are taken. */
const CHAIN_PORT = 8545
const BROKER_PORT = 1883
/** A registration shall open the broker's door at once. */
const FOLLOW_MS = 200

export type Localnet = {
  readonly network: NetworkFile
  /** Resolves when the chain is gone, asked to or not; nothing works then. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

/** Starts what admits registered identities: the embedded broker, or the gate in front of another one. */
export type BrokerStarter = (
  options: Pick<Parameters<typeof startBroker>[0], 'host' | 'port' | 'registry' | 'chainId' | 'log'>,
) => ReturnType<typeof startBroker>

/**
 * A whole network of one's own: a chain with the contracts, and a broker that admits whoever is
 * registered on it. Nothing of it outlives `stop`.
 */
export async function startLocalnet({
  host,
  blockTimeS,
  probes = [],
  openBroker = startBroker,
  log,
}: {
  host: string
  blockTimeS?: number
  probes?: string[]
  openBroker?: BrokerStarter
  log: Logger
}): Promise<Localnet> {
  const undo: (() => Promise<void> | void)[] = []
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const anvil = await onPort(CHAIN_PORT, (port) =>
      startAnvil({ host, port, log: log.of('anvil'), ...(blockTimeS === undefined ? {} : { blockTimeS }) }),
    )
    undo.push(() => anvil.stop())
    // The broker's address is part of the network file, and the broker needs the contracts: first the
    // contracts, then the broker, then the file with both.
    const contracts = await deployNetwork({
      rpc: anvil.rpc,
      name: 'localnet',
      brokers: ['mqtt://127.0.0.1:1883'],
      probes,
      local: true,
    })
    const store = openStore(':memory:')
    undo.push(() => store.close())
    migrate(store)
    const chain = createChain({ network: contracts, clock: systemClock })
    const blocks = createChainRepository(store)
    const registry = createRegistry({ repository: blocks, log: log.of('registry') })
    const follower = createFollower(
      {
        chain,
        store,
        blocks,
        readers: [createAccountReader({ repository: blocks, chain }), registry.reader],
        network: contracts,
        clock: systemClock,
        log: log.of('chain'),
      },
      { pollMs: FOLLOW_MS },
    )
    follower.start()
    undo.push(() => follower.stop())
    const broker = await onPort(BROKER_PORT, (port) =>
      openBroker({ host, port, registry, chainId: BigInt(contracts.chainId), log: log.of('broker') }),
    )
    undo.push(() => broker.stop())
    return { network: { ...contracts, brokers: [broker.url] }, ended: anvil.gone, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function onPort<T>(preferred: number, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(preferred)
  } catch (error) {
    if (error instanceof MystError && error.name === 'PortInUse') return start(0)
    throw error
  }
}
