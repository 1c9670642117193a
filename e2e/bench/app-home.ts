import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createNode } from '../../src-main/node/create-node.ts'
import { silentLogger } from '../../src-main/node/lib/logger.ts'
import { PROPOSAL_VERSION } from '../../src-main/node/protocol/proposal.ts'
import { createChainRepository } from '../../src-main/node/storage/chain-repository.ts'
import { migrate } from '../../src-main/node/storage/migrate.ts'
import { openStore } from '../../src-main/node/storage/open-store.ts'
import { createProposalRepository } from '../../src-main/node/storage/proposal-repository.ts'
import { parseNetworkFile } from '../../src-shared/contract/network-file.ts'
import type { IdentityId } from '../../src-shared/model/identity.ts'
import { MYST } from '../../src-shared/model/units.ts'
import { createLoopback, type Loopback } from '../lab/loopback.ts'

const COUNTRIES = 'DE NL FR GB US CA JP BR IN AU LT PL ES IT SE NO FI CH AT CZ'.split(' ')
const CONTACTS = [{ channel: 'mqtt', address: 'mqtt://broker.example:1883' }]
export const HOME = 'home'

export type WarmHome = {
  readonly loopback: Loopback
  readonly networkFile: string
  /** Absolute. */
  readonly home: string
}

/**
 * A network of one's own and a home on it with an identity and `count` proposals of as many providers. They are
 * written into the node's database as they stand there once they were announced and verified; their signatures, which
 * nobody looks at again, are zeros.
 */
export async function prepareHome(count: number, passphrase: string): Promise<WarmHome> {
  const loopback = createLoopback(passphrase)
  try {
    const networkFile = join(loopback.dir, 'network.json')
    const up = loopback.start(['localnet', 'up', '--out', networkFile])
    await up.until('the network', (line) => line.event === 'up')
    const home = join(loopback.dir, HOME)
    const network = parseNetworkFile(readFileSync(networkFile, 'utf8'), networkFile)
    const node = await createNode({ home, network, log: silentLogger })
    await node.handlers['identity.create']({ passphrase })
    await node.state.when((state) => state.network.chain === 'online')
    await node.stop()
    fill(join(home, 'node.db'), count)
    return { loopback, networkFile, home }
  } catch (error) {
    await loopback.dispose()
    throw error
  }
}

function fill(database: string, count: number): void {
  const store = openStore(database)
  try {
    migrate(store)
    const blocks = createChainRepository(store)
    const proposals = createProposalRepository(store)
    const tip = blocks.tip()
    if (!tip) throw new Error('the node has copied nothing of the chain')
    store.transaction(() => {
      for (let index = 0; index < count; index++) {
        const provider = `0x${index.toString(16).padStart(40, '0')}` as IdentityId
        const country = COUNTRIES[index % COUNTRIES.length] ?? 'DE'
        const terms = {
          ...{ provider, serial: 0, serviceType: index % 3 === 0 ? ('socks' as const) : ('openvpn' as const) },
          ...{ serviceLocation: { country }, originLocation: { country }, bandwidthMbps: 10 + (index % 90) },
          ...{ unit: index % 5 === 0 ? ('hour' as const) : ('GiB' as const), issuedAtBlock: tip.number },
          pricePerUnit: (MYST * BigInt(1 + ((index * 7919) % 997))) / 1000n,
        }
        const body = { ...terms, pricePerUnit: `${terms.pricePerUnit}`, contacts: CONTACTS }
        const at = { blockNumber: tip.number, logIndex: 1000 + index }
        blocks.addRegistration({
          ...{ ...at, name: 'Registered', blockHash: tip.hash, transactionHash: tip.hash },
          ...{ identity: provider, publicKey: new Uint8Array(65), value: MYST },
        })
        proposals.add({
          ...{ ...at, ...terms, serviceCountry: country, originCountry: country },
          bytes: Buffer.concat([Buffer.of(PROPOSAL_VERSION), new Uint8Array(65), Buffer.from(JSON.stringify(body))]),
        })
      }
    })
  } finally {
    store.close()
  }
}
