import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { mulberry32 } from '../lab/random.ts'
import { createHarness } from './harness.ts'
import { bounceLink } from './link.ts'
import type { Victim } from './plan.ts'
import { isAvailable } from './probes.ts'
import { freeze, kill, processesOf, signal, waitFinely } from './processes.ts'
import { createSessionHost, isSettled, stateOf } from './session-host.ts'

const DEEP = process.env.DEEP === '1'
const KILLS = Number(process.env.LEAK_SESSION_KILLS ?? (DEEP ? 60 : 3))
const SEED = Number(process.env.LEAK_SEED ?? Math.floor(Math.random() * 2 ** 32))
/** A fifth of it is usual for one kill. */
const KILL_MS = 30_000
/** Of a connection that is begun blocked, and of one that is there. */
const STEPS = [
  'reach-provider',
  'agree-payment',
  'open-session',
  'start-tunnel',
  'verify-traffic',
  'connected',
] as const
const VICTIMS: readonly Victim[] = ['node', 'helper', 'openvpn']
const TROUBLES = DEEP ? (['link', 'freeze', 'jump', 'app', 'provider'] as const) : (['app', 'link'] as const)

it.runIf(isAvailable)(
  `nothing passes beside the tunnel when the whole node is killed ${KILLS} times [needs root openvpn]`,
  async () => {
    const startedAtMs = performance.now()
    const random = mulberry32(SEED)
    const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const counts: Record<string, number> = {}
    const count = (what: string) => {
      counts[what] = (counts[what] ?? 0) + 1
    }
    const host = await createSessionHost()
    const { hosts, controlPorts } = host
    const story: string[] = []
    try {
      const harness = await createHarness(hosts, {
        ...{ providers: ['provider', 'provider2'], port: await host.port(), calm: 48 },
        control: { host: 'hub', ports: controlPorts },
      })
      await harness.control()
      // Blocked from the first tunnel on.
      await host.connected()
      await harness.arm()
      const check = async (what: string) => {
        story.push(what)
        await harness.check(`after ${story.slice(-3).join('; ')}`)
      }

      for (let kills = 0; kills < KILLS; kills++) {
        const trouble = kills % 3 === 0 ? TROUBLES[(kills / 3) % TROUBLES.length] : undefined
        if (trouble) {
          const run = await host.connected()
          const forMs = 100 + random() * 2_000
          if (trouble === 'link') await bounceLink(hosts, 'consumer', forMs)
          else if (trouble === 'freeze') await freeze([...processesOf(run.pid).values()], 10 * forMs)
          else if (trouble === 'provider') await host.killProvider()
          else if (trouble === 'jump') {
            signal(run.pid, 'SIGUSR2')
            await wait(forMs)
          } else {
            await host.killNode()
            await host.appStartsAndEnds()
          }
          count(trouble)
          await check(trouble)
        }

        const step = one(STEPS)
        const afterMs = random() * 300
        const run = step === 'connected' ? await host.connected() : host.running()
        // A connect that is under way already has perhaps passed it, or given up.
        if (step !== 'connected') await run.until(step, (line) => line.step === step || isSettled(line))
        await waitFinely(afterMs)
        const alive = processesOf(run.pid)
        const hasGivenUp = stateOf(run) === 'blocked'
        const victim = [one(VICTIMS)].find((name) => alive.has(name) && !hasGivenUp) ?? 'node'
        if (victim === 'node') await host.killNode()
        else {
          const noticed = run.next('what becomes of it', ({ state }) => state !== undefined)
          await kill([alive.get(victim) ?? 0])
          await noticed
        }
        count(victim)
        count(`at ${step}`)
        await check(`${victim} killed ${afterMs.toFixed(0)} ms after ${step}`)
      }

      await host.connected()
      await check('connected in the end')
      const inside = await harness.inside()
      expect(inside.tunnel).toBeGreaterThan(0)
      expect(inside.control).toBeGreaterThan(0)
      await host.restore()
      await harness.control()
      const { probes, scans } = await harness.end()
      const what = Object.entries(counts).map(([name, times]) => `${name} ${times}`)
      console.log(
        `deep: the whole node struck at ${KILLS} instants (${what.join(', ')}): ${probes} probes tried, ` +
          `${inside.tunnel} packets in the tunnel and ${inside.control} to chain and broker, 0 beside; ` +
          `${scans} scans, 0 answers; ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s, seed ${SEED}`,
      )
    } catch (error) {
      console.log(`seed ${SEED}, after ${story.length}: ${story.slice(-5).join('; ')}`)
      throw error
    } finally {
      await host.dispose()
    }
  },
  240_000 + KILLS * KILL_MS,
)
