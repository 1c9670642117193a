import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { createChain } from '../chain/create-chain.ts'
import { systemClock } from '../lib/clock.ts'
import { startFollowingNode } from './following-node.ts'
import { registrationsNetwork } from './registrations-server.ts'

/*
 * A node that copies the chain into a file, as a program of its own, so that it can be killed in the middle
 * and measured alone. One line of JSON per step of progress, and one at the end.
 */

export type SyncLine = { syncedBlock: number; headBlock: number; atMs: number } & (
  | { status: string; end?: undefined }
  | { end: true; registered: number; blockedMs: number; rssMiB: number; cpuMs: number }
)

const [rpc = '', path = ''] = process.argv.slice(2)
const network = registrationsNetwork(rpc)
const delay = monitorEventLoopDelay({ resolution: 5 })
const startedAtMs = performance.now()
let rss = 0
const node = startFollowingNode({ chain: createChain({ network, clock: systemClock }), network, path })
const say = (line: object) =>
  console.log(JSON.stringify({ ...line, atMs: Math.round(performance.now() - startedAtMs) }))
delay.enable()
node.follower.onProgress(({ status, syncedBlock, headBlock }) => {
  rss = Math.max(rss, process.memoryUsage().rss)
  say({ status, syncedBlock, headBlock })
  if (status !== 'online') return
  say({
    end: true,
    syncedBlock,
    headBlock,
    registered: node.blocks.registeredCount(),
    blockedMs: Math.round(delay.max / 1e6),
    rssMiB: Math.round(rss / 1024 / 1024),
    cpuMs: Math.round(process.cpuUsage().user / 1000),
  })
  node.stop()
  process.exit()
})
