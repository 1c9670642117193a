import { GUARD_TABLE, removeGuard } from './guard.ts'
import { networkNamespace, startTime, tableExists } from './journal.ts'
import { forgetNetwork } from './network-state.ts'
import type { Programs } from './programs.ts'
import { PROTOCOL } from './routes.ts'
import { run } from './run.ts'
import { helpersAlive, removeLeftovers } from './workspace.ts'

const END_MS = 8_000

/**
 * "Restore internet": takes back whatever a helper of ours did or left here, and the guard with it. Needs
 * no node, no helper that listens and no note of what was done: routes and rules are found by our
 * protocol number, tables by their name. Helpers that run are asked to end first; they would do it again.
 */
export async function resetNetwork(deps: { programs: Programs; log: (line: string) => void }): Promise<void> {
  const running = helpersAlive().filter(({ namespace }) => namespace === networkNamespace())
  for (const { pid } of running) signal(pid, 'SIGTERM')
  const isRunning = () => running.some(({ pid, started }) => startTime(pid) === started)
  for (const until = Date.now() + END_MS; isRunning() && Date.now() < until; ) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  for (const { pid, started } of running) if (startTime(pid) === started) signal(pid, 'SIGKILL')

  const failures: unknown[] = []
  const attempt = async (work: () => Promise<unknown>) => {
    await work().catch((error: unknown) => failures.push(error))
  }
  // What matters most first: it must not wait for anything else to succeed.
  await attempt(async () => {
    const nft = deps.programs('nft')
    if (await tableExists(GUARD_TABLE, deps.programs)) await run(nft, ['-f', '-'], removeGuard())
    await forgetNetwork(deps.programs)
  })
  await attempt(() => removeLeftovers(deps))
  const ip = deps.programs('ip')
  for (const family of ['-4', '-6']) {
    await attempt(() => removeRules(ip, family))
    await attempt(() => removeRoutes(ip, family))
  }
  for (const failure of failures) deps.log(`not taken back: ${String(failure)}`)
  if (failures.length > 0) throw failures[0]
}

async function removeRules(ip: string, family: string): Promise<void> {
  const lines = (await run(ip, [family, 'rule', 'show'])).split('\n')
  for (const line of lines) {
    // "7110:	from all lookup 7110 proto 109": what stands after the number is how it is deleted.
    const [, preference, rule] = /^(\d+):\s+(.*) proto 109\s*$/.exec(line) ?? []
    if (preference === undefined || rule === undefined) continue
    await run(ip, [family, 'rule', 'del', 'pref', preference, ...rule.trim().split(/\s+/), 'protocol', PROTOCOL])
  }
}

async function removeRoutes(ip: string, family: string): Promise<void> {
  const routes = await run(ip, [family, 'route', 'show', 'table', 'all', 'proto', PROTOCOL])
  if (routes.trim() !== '') await run(ip, [family, 'route', 'flush', 'table', 'all', 'proto', PROTOCOL])
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended by itself in between.
  }
}
