import { readFileSync } from 'node:fs'
import { type HttpDoor, openHttpDoor } from '../../src-main/doors/http.ts'
import { createNode } from '../../src-main/node/create-node.ts'
import { silentLogger } from '../../src-main/node/lib/logger.ts'
import type { ProposalView } from '../../src-shared/contract/answers.ts'
import { parseNetworkFile } from '../../src-shared/contract/network-file.ts'
import { MYST } from '../../src-shared/model/units.ts'
import type { WarmHome } from './app-home.ts'
import { PAGE_DIR } from './app-pages.ts'

/** A node on the warm home with the page's door, whose figures the bench moves as a session would. */
export type LiveNode = {
  /** Opens a door of its own for one browser: the address with its one-time token. */
  open(): Promise<string>
  /** What moves while the list is shown: the chain's head, money, the bytes of those who are served. */
  moveBesideList(second: number): void
  /** The live session's figures. */
  moveSession(second: number, exit?: string): void
  stop(): Promise<void>
}

export async function startLiveNode({ home, networkFile }: WarmHome, passphrase: string): Promise<LiveNode> {
  const network = parseNetworkFile(readFileSync(networkFile, 'utf8'), networkFile)
  const { handlers, state, stop } = await createNode({ home, network, log: silentLogger })
  const [own] = state.get().identity.all
  if (!own) throw new Error('the home has no identity')
  await handlers['identity.unlock']({ id: own.id, passphrase })
  const [proposal] = await handlers['proposals.query']({ limit: 1 })
  if (!proposal) throw new Error('the home has no proposals')
  const doors: HttpDoor[] = []
  const startedAtMs = Date.now()
  return {
    async open() {
      const door = await openHttpDoor(
        { handlers, state, log: silentLogger },
        { listen: { host: '127.0.0.1', port: 0 }, access: 'token', pageDir: PAGE_DIR },
      )
      doors.push(door)
      return `${door.address}/#token=${door.token}`
    },
    moveBesideList(second) {
      const { network, wallet, share } = state.get()
      const sessions = [1, 2, 3].map((index) => servedSession(proposal, index, second, startedAtMs))
      state.set({
        network: { ...network, headBlock: network.headBlock + 1 },
        wallet: { ...wallet, receivable: BigInt(second) * (MYST / 100_000n) },
        share: { ...share, sessions },
      })
    },
    moveSession(second, exit = '203.0.113.10') {
      const bytesDown = BigInt(second) * 2_000_000n
      const bytesUp = BigInt(second) * 150_000n
      const cost = BigInt(second) * (MYST / 1_000_000n)
      state.set({
        connection: {
          name: 'connected',
          proposal,
          steps: [],
          live: {
            ...{ sessionId: 'bench', provider: proposal.provider, startedAtMs, bytesUp, bytesDown },
            exit: { address: exit, country: proposal.originLocation.country },
            metered: { cost, bytesUp, bytesDown, durationMs: second * 1000 },
            cost,
            leftover: MYST / 50n - (cost % (MYST / 100n)),
            promised: cost + MYST / 50n,
            rateBps: { down: 1.6e7 * (1 + Math.sin(second / 7) / 2), up: 1.2e6 * (1 + Math.cos(second / 5) / 2) },
          },
        },
      })
    },
    async stop() {
      await Promise.all(doors.map((door) => door.stop()))
      await stop()
    },
  }
}

function servedSession(proposal: ProposalView, index: number, second: number, startedAtMs: number) {
  const bytes = BigInt(second * index) * 500_000n
  return {
    ...{ sessionId: `served ${index}`, consumer: proposal.provider, serial: 0, serviceType: proposal.serviceType },
    ...{ startedAtMs, leftover: MYST / 50n },
    metering: { cost: bytes * 1_000_000n, bytesUp: bytes / 10n, bytesDown: bytes, durationMs: second * 1000 },
  }
}
