import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../lib/clock.ts'
import { identityOf } from '../lib/secp256k1.ts'
import { createChainRepository } from '../storage/chain-repository.ts'
import { openStore } from '../storage/open-store.ts'
import { startLocalChain } from '../testing/local-chain.ts'
import { publicKeys, type Registrations, registeredLog } from '../testing/registrations-server.ts'
import { createSigningIdentity } from '../testing/signing-identity.ts'
import type { SyncLine } from '../testing/sync-process.ts'
import { createChain } from './create-chain.ts'

/*
 * A node's first start on a network that has long been used. The registrations come from a server that speaks
 * JSON-RPC and writes logs as the contract does, the node copies them in a process of its own.
 */

const COUNT = 100_000
/** As a busy network would have them, and all in few blocks. */
const DENSITIES = process.env.DEEP === '1' ? [1, 4, 500] : [4]

const undo: (() => void)[] = []
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step()
})

function run(file: string, ...args: string[]): { child: ChildProcess; lines: AsyncIterator<string> } {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  undo.push(() => child.kill('SIGKILL'))
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() }
}

/** Reads progress until it ends by itself, or is killed after `killAt` blocks. */
async function sync(rpc: string, path: string, killAt = Number.POSITIVE_INFINITY): Promise<SyncLine[]> {
  const { child, lines } = run('../testing/sync-process.ts', rpc, path)
  const gone = new Promise((resolve) => child.once('close', resolve))
  const seen: SyncLine[] = []
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const line = JSON.parse(next.value) as SyncLine
    seen.push(line)
    if (line.syncedBlock >= killAt) child.kill('SIGKILL')
  }
  await gone
  return seen
}

it('is tried with logs as the real contract emits them', async () => {
  const local = await startLocalChain()
  try {
    const identity = createSigningIdentity('sync test')
    const chain = createChain({ network: local.network, clock: systemClock })
    const { blockNumber } = await chain.register(identity, await local.gasAccount())
    const block = `0x${blockNumber.toString(16)}`
    const filter = { address: local.network.contracts.identityRegistry, fromBlock: block, toBlock: block }
    const key = bytesToHex(identity.publicKey.subarray(1))
    expect(await local.control('eth_getLogs', filter)).toMatchObject([
      registeredLog(identity.id, key, await chain.registrationFee()),
    ])
  } finally {
    await local.stop()
  }
})

it.each(DENSITIES)(
  `copies ${COUNT} registrations, %i in a block, from the first on, through a kill in the middle, and counts each once`,
  { timeout: 240_000 },
  async (perBlock) => {
    const registrations: Registrations = { count: COUNT, perBlock }
    const server = run('../testing/registrations-server.ts', JSON.stringify(registrations))
    const rpc = String((await server.lines.next()).value)
    const folder = mkdtempSync(join(tmpdir(), 'myst-sync-'))
    undo.push(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'node.db')
    const head = COUNT / perBlock

    const killed = await sync(rpc, path, head * 0.4)
    const before = killed.at(-1)?.syncedBlock ?? 0
    expect(before).toBeGreaterThanOrEqual(head * 0.4)
    expect(before).toBeLessThan(head)
    const resumed = await sync(rpc, path)
    // What had been told was on disk.
    expect(resumed[0]?.syncedBlock).toBeGreaterThanOrEqual(before)
    const end = resumed.at(-1)
    if (end?.end !== true) throw new Error('it did not come to an end')
    expect(end).toMatchObject({ registered: COUNT, syncedBlock: head, headBlock: head })

    // A person sees it move: many steps, none backwards.
    const steps = [...killed, ...resumed].map(({ syncedBlock }) => syncedBlock)
    expect(steps.length).toBeGreaterThan(60)
    expect(steps).toEqual([...steps].sort((a, b) => a - b))

    const store = openStore(path)
    undo.push(() => store.close())
    const copy = createChainRepository(store)
    const keys = publicKeys(COUNT)
    for (let index = 0; index < COUNT; index += 997) {
      const key = hexToBytes(`04${keys[index]}`)
      expect(copy.publicKey(identityOf(key))).toEqual(key)
    }

    const gaps = resumed.map(({ atMs }, index) => atMs - (resumed[index - 1]?.atMs ?? 0))
    const since = (end.syncedBlock - (resumed[0]?.syncedBlock ?? 0)) * perBlock
    const ms = end.atMs - (resumed[0]?.atMs ?? 0)
    console.log(
      `deep: ${perBlock} in a block: ${Math.round((since / ms) * 1000)} registrations/s, ${end.rssMiB} MiB, ` +
        `event loop held ${end.blockedMs} ms at most, ${Math.max(...gaps.slice(1))} ms at most between two steps`,
    )
    // Generous for a machine that does much else; alone it is a tenth.
    expect(end.blockedMs).toBeLessThan(2_000)
    expect(end.rssMiB).toBeLessThan(600)
  },
)
