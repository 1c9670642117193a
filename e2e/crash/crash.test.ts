import { expect, it } from 'vitest'
import { createMemory } from './check-books.ts'
import { createCrashLab } from './crash-lab.ts'
import { createPlan } from './plan.ts'
import { type Role, TERMS, type Told } from './terms.ts'

const KILLS = process.env.DEEP === '1' ? 500 : 12
const SEED = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 2 ** 32))
const BOTH: readonly Role[] = ['issuer', 'benefiter']

/** A tenth of it is usual for one kill. */
const KILL_MS = 10_000

it(
  `two nodes that pay each other agree after each of ${KILLS} kills`,
  async () => {
    const startedAtMs = performance.now()
    const lab = await createCrashLab()
    const { nodes, books } = lab
    const plan = createPlan(SEED)
    const memory = createMemory()
    const counts = { kills: 0, issuer: 0, benefiter: 0, both: 0, clearing: 0 }
    const story: string[] = []

    const listen = () => {
      for (const told of [...nodes.told('issuer'), ...nodes.told('benefiter')]) memory.hear(told)
    }
    const clearAfter = (event: Told['event']) => {
      // To be killed before that is as good.
      nodes.next('benefiter', event).then(
        () => nodes.command('benefiter', 'clear'),
        () => undefined,
      )
    }
    const agree = async () => {
      const now = await books.read()
      expect(memory.problems(now, lab.deposited)).toEqual([])
      return now
    }

    try {
      await Promise.all(BOTH.map((role) => nodes.open(role, true)))
      let fresh = BOTH
      let isNarrow = false
      while (counts.kills < KILLS) {
        const kill = plan.next(fresh)
        const { victims, when, afterMs } = kill
        const due = nodes.next(when.role, when.event, when.count)
        if (kill.clear || isNarrow) clearAfter(isNarrow ? 'dialogue' : 'received')
        for (const role of fresh) nodes.command(role, 'talk')
        await due
        await nodes.kill(victims, afterMs)
        counts.kills += 1
        for (const role of victims) counts[role] += 1
        if (victims.length > 1) counts.both += 1
        if (when.event === 'clearing') counts.clearing += 1
        story.push(`${victims.join(' and ')} ${afterMs.toFixed(2)} ms after ${when.count}. ${when.event}`)
        listen()
        await Promise.all(victims.map((role) => nodes.open(role, kill.updates)))
        const { atRisk, leftover } = await agree()
        // What was on its way when a promise stopped being updated is at risk until that one is cleared. Too much of
        // it, and the issuer pays no more; then the benefiter clears, as one does that is not paid.
        isNarrow = TERMS.maxAtRisk - (atRisk - leftover) < 2n * TERMS.target
        fresh = victims
      }

      if (isNarrow) clearAfter('dialogue')
      const paid = nodes.next('benefiter', 'received', 3)
      for (const role of fresh) nodes.command(role, 'talk')
      await paid
      await payOut(lab)
      listen()
      await agree()
      const { given, received, cleared, atRisk, leftover } = await books.read()
      const amounts = [given, received, cleared].map((list) => list.reduce((sum, { amount }) => sum + amount, 0n))
      expect(new Set(amounts).size, 'issued, held and cleared are one amount').toBe(1)
      expect(atRisk, 'and both reckon the same is left').toBe(leftover)
      const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0)
      console.log(
        `deep: ${counts.kills} kills (issuer ${counts.issuer}, benefiter ${counts.benefiter}, of them both at once ${counts.both}, while clearing ${counts.clearing}), ` +
          `${memory.accepted} payments accepted, ${cleared.length} promises cleared, no disagreement, ${seconds} s, seed ${SEED}`,
      )
    } catch (error) {
      const { atRisk, leftover } = await books.read()
      console.log(
        `seed ${SEED}, after kill ${counts.kills}, ${atRisk} at risk, ${leftover} left: ${story.slice(-3).join('; ')}\n${nodes.recent()}`,
      )
      throw error
    } finally {
      await lab.dispose()
    }
  },
  60_000 + KILLS * KILL_MS,
)

/** Both come to rest, the benefiter clears all it has, and the issuer hears of it from the chain. */
async function payOut({ nodes, books }: Awaited<ReturnType<typeof createCrashLab>>): Promise<void> {
  for (const role of BOTH) {
    const paused = nodes.next(role, 'paused')
    nodes.command(role, 'pause')
    await paused
  }
  // A run that is under way already does not take what came after it had begun.
  while ((await books.read()).received.some(({ state }) => state !== 'cleared')) {
    const cleared = nodes.next('benefiter', 'cleared')
    nodes.command('benefiter', 'clear')
    expect(await cleared).toMatchObject({ problems: [] })
  }
  for (;;) {
    const written = nodes.next('issuer', 'given')
    written.catch(() => undefined)
    if ((await books.read()).given.every((promise) => promise.cleared)) return
    await written
  }
}
