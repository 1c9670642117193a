import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChain } from '../../src-main/node/chain/create-chain.ts'
import { createKeystore } from '../../src-main/node/identity/keystore.ts'
import { systemClock } from '../../src-main/node/lib/clock.ts'
import { silentLogger } from '../../src-main/node/lib/logger.ts'
import { askFaucet } from '../../src-main/node/localnet/faucet.ts'
import { startLocalnet } from '../../src-main/node/localnet/localnet.ts'
import { MYST } from '../../src-shared/model/units.ts'
import { createBooks } from './books.ts'
import { type Role, TERMS } from './terms.ts'
import { createTwoNodes, type TwoNodes } from './two-nodes.ts'

/** Keys are read at every start; what their encryption is worth is tested elsewhere. */
const QUICK_SCRYPT = { N: 2, r: 1, p: 1 }
/** Between sent and mined there is a while. */
const BLOCK_SECONDS = 0.25

/**
 * A chain with the contracts, a broker, and two registered identities at home each, of which the issuer
 * has deposited.
 */
export async function createCrashLab() {
  const dir = mkdtempSync(join(tmpdir(), 'myst-crash-'))
  const undo: (() => Promise<void> | void)[] = [() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 })]
  const dispose = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const { network, stop } = await startLocalnet({ host: '127.0.0.1', blockTimeS: BLOCK_SECONDS, log: silentLogger })
    undo.push(stop)
    const networkFile = join(dir, 'network.json')
    writeFileSync(networkFile, JSON.stringify(network))
    const chain = createChain({ network, clock: systemClock })
    const deposited = 50n * MYST

    const settle = async (role: Role) => {
      const home = join(dir, role)
      const keystore = createKeystore(join(home, 'keystore'), { log: silentLogger }, { scrypt: QUICK_SCRYPT })
      const { id } = await keystore.create(TERMS.passphrase)
      const { identity, gas } = await keystore.unlock(id, TERMS.passphrase)
      await askFaucet(network, gas.address, 100n * MYST)
      await chain.register(identity, gas)
      if (role === 'issuer') await chain.deposit(id, deposited, gas)
      return { id, home }
    }
    const homes = { issuer: await settle('issuer'), benefiter: await settle('benefiter') }

    const nodes: TwoNodes = createTwoNodes(dir, networkFile, homes)
    undo.push(() => nodes.dispose())
    return { nodes, deposited, books: createBooks({ chain, network, homes }), dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}
