import { expect, it } from 'vitest'
import { silentLogger } from '../../src-main/node/lib/logger.ts'
import { createHosts } from '../../src-main/node/localnet/hosts.ts'
import { CONTROL_PORT, createGuardedHost, PORT } from './guarded-host.ts'
import { createHarness } from './harness.ts'
import { createPlan, type Strike } from './plan.ts'
import { isAvailable } from './probes.ts'

const DEEP = process.env.DEEP === '1'
const KILLS = Number(process.env.LEAK_KILLS ?? (DEEP ? 1_000 : 24))
const SEED = Number(process.env.LEAK_SEED ?? Math.floor(Math.random() * 2 ** 32))
/** Hosts that are struck at the same time, as much waits for a clock. */
const LANES = DEEP ? 2 : 1
/** A tenth of it is usual for one kill. */
const KILL_MS = 10_000
/** So often a long run says how far it is. */
const STAGE = 50

type Counts = Record<string, number>

it.runIf(isAvailable)(
  `nothing passes beside the tunnel, whenever node, helper or OpenVPN is killed (${KILLS} times) [needs root openvpn]`,
  async () => {
    const startedAtMs = performance.now()
    const counts: Counts = { instants: 0, probes: 0, scans: 0, inside: 0 }
    const lanes = Array.from({ length: LANES }, (_, lane) => run(SEED + lane, counts))
    // One that fails does not leave the hosts of the other behind.
    for (const { status, ...result } of await Promise.allSettled(lanes)) {
      if (status === 'rejected') throw (result as PromiseRejectedResult).reason
    }
    const {
      instants,
      probes,
      scans,
      inside,
      node,
      helper,
      openvpn,
      link = 0,
      provider = 0,
      freeze = 0,
      ...phases
    } = counts
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0)
    const among = Object.entries(phases).map(([phase, count]) => `${phase} ${count}`)
    console.log(
      `deep: killed at ${instants} instants, with the privilege port as node (node ${node}, helper ${helper}, OpenVPN ${openvpn}; ${among.join(', ')}), ` +
        `link gone ${link}, provider killed ${provider}, all stopped for seconds ${freeze}; ` +
        `${probes} probes tried and ${inside} packets in the tunnel, 0 beside it; ${scans} scans of the tunnel's addresses, 0 answers; ` +
        `${seconds} s, seed ${SEED}`,
    )
  },
  240_000 + (KILLS * KILL_MS) / LANES,
)

/** One host with its own router and provider, struck until all together were struck often enough. */
async function run(seed: number, counts: Counts): Promise<void> {
  const count = (what: string, more = 1) => {
    counts[what] = (counts[what] ?? 0) + more
  }
  const hosts = await createHosts({ prefix: 'leaktest', log: silentLogger })
  const story: Strike[] = []
  try {
    const host = await createGuardedHost(hosts)
    const harness = await createHarness(hosts, {
      ...{ providers: ['provider'], port: PORT },
      control: { host: 'hub', ports: [CONTROL_PORT] },
    })
    await harness.control()
    await host.block()
    await harness.arm()
    await harness.scan(await host.tunnelAddresses())
    const plan = createPlan(seed)
    while ((counts.instants ?? 0) < KILLS && !counts.failed) {
      const strike = plan.next()
      story.push(strike)
      const struck = await host.strike(strike)
      for (const victim of struck) count(victim)
      // Before it reconnects, its OpenVPN was killed.
      const isSecond = strike.phase === 'reconnecting'
      count('instants', isSecond ? 2 : 1)
      count('openvpn', isSecond ? 1 : 0)
      count(strike.phase)
      if (strike.trouble) count(strike.trouble)
      await harness.check(`after ${JSON.stringify(strike)}`)
      if (story.length % STAGE === 0) console.log(`seed ${seed}: ${story.length} strikes, nothing beside the tunnel`)
      if (strike.trouble === 'provider') await harness.scan(await host.tunnelAddresses())
    }
    await host.connect()
    await harness.check('connected in the end')
    await harness.scanIsDropped()
    const { tunnel } = await harness.inside()
    expect(tunnel).toBeGreaterThan(0)
    count('inside', tunnel)
    // Blocked until a person says otherwise; and whoever sent all the while is seen again then.
    await host.restore()
    await harness.control()
    const { probes, scans } = await harness.end()
    count('probes', probes)
    count('scans', scans)
  } catch (error) {
    count('failed')
    console.log(
      `seed ${seed}, strike ${story.length}: ${story
        .slice(-3)
        .map((one) => JSON.stringify(one))
        .join(' ')}`,
    )
    throw error
  } finally {
    await hosts.dispose()
  }
}
