import { setTimeout as after } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { type Frames, launch, type Memory } from './app-browser.ts'
import { HOME, prepareHome, type WarmHome } from './app-home.ts'
import { type LiveNode, startLiveNode } from './app-live.ts'
import { bundleSize, serveYardsticks, type Yardsticks } from './app-pages.ts'
import { keep, median, row, sayIfBusy } from './report.ts'

/**
 * The page in a real Chromium at a real node with many proposals, beside blank pages in the same run.
 *
 * - Start: from starting node and browser (both cold) to the page that can be used (the state and the button that changes
 *   it) with an identity that is unlocked, over the node's own start to there and then a blank page; and how much later the
 *   first offers are there.
 * - List: from asking for the proposals to the frame with the first of them.
 * - Frames: what the page's main thread does in each, by Chromium's tracing, while figures move every second: with the
 *   list scrolled all the time, and in a session. Of a session's there are two each second, so the trace is long enough for
 *   the browser's collecting garbage, which it does in a pause now and then, not to be a twentieth of them.
 * - Memory: over a blank page rendered by React; its growth through 3,600 updates, which are an hour of figures.
 * - Size of what is built, gzipped.
 */
const GOALS = { start: 1.25, listMs: 300, frameMs: 16, memory: 2, growth: 1.05, bundleKb: 350 }
const PASSPHRASE = 'four quiet rivers under glass'
const HOUR_OF_UPDATES = 3_600
/** Between two updates of the hour; the page's clock runs as many times faster. */
const UPDATE_MS = 20
/** Ten minutes: until then the chart fills up, and the browser compiles what runs often. */
const WARM_UP_UPDATES = 600

/** From the node's start: `nodeMs` to its readiness, `allMs` to that and the page; `listMs` from then to the first offers. */
type Start = { nodeMs: number; allMs: number; listMs?: number }
type Result = {
  proposals: number
  app: Start[]
  blank: Start[]
  blankReact: Start[]
  lists: number[]
  loads: number[]
  scrolled: Frames
  session: Frames
  memory: { blank: Memory; before: Memory; after: Memory }
  bundle: { all: number; map: number }
}

export async function benchApp(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      proposals: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '60' },
    },
  })
  const [rounds, proposals, seconds] = [values.rounds, values.proposals, values.seconds].map(Number) as [
    number,
    number,
    number,
  ]
  if (![rounds, proposals, seconds].every((count) => Number.isInteger(count) && count > 0)) {
    throw new Error('--rounds N --proposals N --seconds N (of each trace)')
  }
  const busy = sayIfBusy()
  const bundle = bundleSize()
  process.stdout.write(`A network, a node, and ${proposals} proposals in its database…\n`)
  const yardsticks = await serveYardsticks()
  try {
    const warm = await prepareHome(proposals, PASSPHRASE)
    try {
      const starts = await measureStarts(warm, yardsticks, rounds)
      const node = await startLiveNode(warm, PASSPHRASE)
      try {
        const page = await measurePage(node, rounds, seconds)
        report(busy, { proposals, ...starts, ...page, memory: await measureMemory(node, yardsticks), bundle })
      } finally {
        await node.stop()
      }
    } finally {
      await warm.loopback.dispose()
    }
  } finally {
    yardsticks.close()
  }
}

/** In turns: what the machine does besides must not favour one of them. */
async function measureStarts(
  { loopback, networkFile }: WarmHome,
  { blank, blankReact }: Yardsticks,
  rounds: number,
): Promise<Pick<Result, 'app' | 'blank' | 'blankReact'>> {
  async function start(address: string | undefined, first: string, later?: string): Promise<Start> {
    const now = () => performance.timeOrigin + performance.now()
    const startedAt = now()
    const node = loopback.start(['app'], { home: HOME, network: networkFile })
    const ready = node.until('an identity', (line) => line.event === 'unlocked', 180_000).then(now)
    try {
      const { address: app, token } = await node.until('its page', (line) => line.event === 'app', 180_000)
      // A page of the node's own opens while that still unlocks; the blank one stands for whatever comes after it.
      if (address !== undefined) await ready
      const browser = await launch()
      const { page } = browser
      const firstShown = await whenShown(page, first)
      const laterShown = later === undefined ? undefined : await whenShown(page, later)
      await page.goto(address ?? `${String(app)}/#token=${String(token)}`, { waitUntil: 'commit' })
      const [readyAt, firstAt, laterAt] = [await ready, await firstShown(), await laterShown?.()]
      await browser.close()
      const usableAt = Math.max(readyAt, firstAt)
      return {
        ...{ nodeMs: readyAt - startedAt, allMs: usableAt - startedAt },
        ...(laterAt !== undefined && { listMs: laterAt - usableAt }),
      }
    } finally {
      await node.stop()
    }
  }
  const result: Pick<Result, 'app' | 'blank' | 'blankReact'> = { app: [], blank: [], blankReact: [] }
  for (let round = 1; round <= rounds; round++) {
    const turns = [
      async () => result.app.push(await start(undefined, 'main .panel-action button', '.offers-list li')),
      async () => result.blank.push(await start(blank, 'body > *')),
      async () => result.blankReact.push(await start(blankReact, '#root > *')),
    ]
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn()
    const last = [result.app, result.blank, result.blankReact].map((starts) => starts.at(-1)?.allMs.toFixed(0))
    process.stdout.write(`start ${round}: app ${last[0]}, blank ${last[1]}, blank React ${last[2]} ms\n`)
  }
  return result
}

/**
 * When the frame with the first such element was made, in milliseconds since 1970 by the browser's own clock: asking it
 * again and again from outside would tell it up to half a second late.
 */
async function whenShown(page: Page, selector: string): Promise<() => Promise<number>> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const name = `shown${selector.replaceAll(/\W/g, '_')}`
  await page.exposeFunction(name, resolve)
  await page.addInitScript(
    ([sought, tell]) => {
      const look = new MutationObserver(() => {
        if (!document.querySelector(sought)) return
        look.disconnect()
        const told = () => (window as unknown as Record<string, (at: number) => void>)[tell]?.(at())
        const at = () => performance.timeOrigin + performance.now()
        requestAnimationFrame(() => setTimeout(told))
      })
      look.observe(document, { subtree: true, childList: true })
    },
    [selector, name] as const,
  )
  return () =>
    Promise.race([
      promise,
      page
        .locator(selector)
        .first()
        .waitFor({ state: 'attached' })
        .then(() => promise),
    ])
}

type Noted = Window & { noted: { askedAt?: number; shownAt?: number } }

/** Notes in every document when it asked for proposals, and when the frame with the first of them was made. */
function noteList(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const here = window as unknown as Noted
    here.noted = {}
    const real = window.fetch
    window.fetch = (input, init) => {
      if (String(input).endsWith('/proposals.query')) here.noted.askedAt ??= performance.now()
      return real(input, init)
    }
    const look = new MutationObserver(() => {
      if (!document.querySelector('.offers-list li')) return
      look.disconnect()
      requestAnimationFrame(() => setTimeout(() => Object.assign(here.noted, { shownAt: performance.now() })))
    })
    look.observe(document, { subtree: true, childList: true })
  })
}

async function measurePage(
  node: LiveNode,
  rounds: number,
  seconds: number,
): Promise<Pick<Result, 'lists' | 'loads' | 'scrolled' | 'session'>> {
  const browser = await launch()
  try {
    const { page } = browser
    await noteList(page)
    await page.goto(await node.open())
    const [lists, loads]: [number[], number[]] = [[], []]
    for (let round = 0; round <= rounds; round++) {
      const shown = await page.waitForFunction(() => {
        const { askedAt, shownAt } = (window as unknown as Noted).noted
        return askedAt !== undefined && shownAt !== undefined && { askedAt, shownAt }
      })
      const { askedAt, shownAt } = (await shown.jsonValue()) as { askedAt: number; shownAt: number }
      // The first one found nothing compiled yet; it is in the starts.
      if (round > 0) {
        lists.push(shownAt - askedAt)
        loads.push(shownAt)
      }
      if (round < rounds) await page.reload()
    }
    process.stdout.write(`list: ${lists.map((ms) => ms.toFixed(0)).join(', ')} ms\nTracing…\n`)
    await after(2_000)
    const scrolled = await browser.trace(async () => {
      const scrolling = page.evaluate(async (ms) => {
        const scroller = document.querySelector('.offers-scroll')
        const until = performance.now() + ms
        while (performance.now() < until) {
          await new Promise(requestAnimationFrame)
          scroller?.scrollBy(0, 30)
        }
        return scroller?.scrollTop ?? 0
      }, seconds * 1000)
      await everySecond(seconds, node.moveBesideList)
      if ((await scrolling) <= 0) throw new Error('the list did not scroll')
    })
    node.moveSession(0)
    await page.getByRole('heading', { name: /^(Connected|Proxy ready)$/ }).waitFor()
    await after(2_000)
    const session = await browser.trace(() => everySecond(seconds, node.moveSession))
    return { lists, loads, scrolled, session }
  } finally {
    await browser.close()
  }
}

async function everySecond(seconds: number, act: (second: number) => void): Promise<void> {
  for (let second = 1; second <= seconds; second++) {
    act(second)
    await after(1_000)
  }
}

async function measureMemory(node: LiveNode, { blankReact }: Yardsticks): Promise<Result['memory']> {
  const other = await launch()
  await other.page.goto(blankReact)
  await other.page.getByText('blank').waitFor()
  await after(2_000)
  const blank = await other.memory()
  await other.close()

  process.stdout.write('An hour of figures…\n')
  const browser = await launch()
  try {
    const { page } = browser
    // What the page keeps of the last two minutes is by its clock.
    await page.addInitScript((times) => {
      const real = Date.now
      const from = real()
      Date.now = () => from + (real() - from) * times
    }, 1_000 / UPDATE_MS)
    await page.goto(await node.open())
    const move = async (from: number, to: number) => {
      for (let second = from; second < to; second++) {
        node.moveSession(second)
        await after(UPDATE_MS)
      }
      node.moveSession(to, `198.51.100.${to % 250}`)
      await page.getByText(`198.51.100.${to % 250}`, { exact: true }).waitFor()
      await after(1_000)
      return browser.memory()
    }
    const before = await move(0, WARM_UP_UPDATES)
    return { blank, before, after: await move(WARM_UP_UPDATES + 1, WARM_UP_UPDATES + HOUR_OF_UPDATES) }
  } finally {
    await browser.close()
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function report(busy: number, result: Result): void {
  const { proposals, app, blank, blankReact, lists, loads, scrolled, session, memory, bundle } = result
  const [appMs, blankMs, reactMs] = [app, blank, blankReact].map((starts) =>
    median(starts.map(({ allMs }) => allMs)),
  ) as [number, number, number]
  const nodeMs = median([...blank, ...blankReact].map((one) => one.nodeMs))
  const start = appMs / blankMs
  const frames = [scrolled, session].map(({ work }) => percentile(work, 0.95)) as [number, number]
  const ofProcess = memory.after.process / memory.blank.process
  const growth = memory.after.heap / memory.before.heap
  const mb = ({ heap, process }: Memory) => [heap.toFixed(1), process.toFixed(0)]
  const frameRow = (name: string, { work, computed, dropped, all }: Frames) =>
    row(
      name,
      ...[0.5, 0.95, 1].map((share) => percentile(work, share).toFixed(1)),
      percentile(computed, 0.95).toFixed(1),
      `${work.length}`,
      `${dropped} of ${all}`,
    )
  const verdict = (name: string, value: number, goal: number, unit = '') =>
    `${name} ${value.toFixed(unit === '' ? 2 : 0)}${unit} ${value <= goal ? 'reaches' : 'misses'} the goal of at most ${goal}${unit}`

  const text = [
    '',
    `${proposals} proposals; starts and lists are medians of ${app.length}`,
    row('', 'blank', 'app', 'app/blank'),
    row('cold start, ms', blankMs.toFixed(0), appMs.toFixed(0), start.toFixed(2)),
    row('  beside blank React', reactMs.toFixed(0), '', (appMs / reactMs).toFixed(2)),
    row('  the node alone', nodeMs.toFixed(0)),
    row('  first offers, later by', '', median(app.map(({ listMs }) => listMs ?? 0)).toFixed(0)),
    row('list from asking, ms', '', median(lists).toFixed(0)),
    row('  from loading the page', '', median(loads).toFixed(0)),
    '',
    row('main thread, ms per frame', 'median', 'p95', 'longest', 'p95 of CPU', 'frames', 'dropped'),
    frameRow('  list scrolled', scrolled),
    frameRow('  in a session', session),
    '',
    row('memory, MB', 'JavaScript', 'process'),
    row('  blank React page', ...mb(memory.blank)),
    row(`  app, ${WARM_UP_UPDATES} updates`, ...mb(memory.before)),
    row(`  app, ${HOUR_OF_UPDATES} more`, ...mb(memory.after)),
    '',
    row('scripts and styles, KB', '', bundle.all.toFixed(0)),
    row('  the map besides', '', bundle.map.toFixed(0)),
    '',
    verdict('start', start, GOALS.start),
    verdict('list', median(lists), GOALS.listMs, ' ms'),
    verdict('frames with the list', frames[0], GOALS.frameMs, ' ms'),
    verdict('frames in a session', frames[1], GOALS.frameMs, ' ms'),
    verdict('memory of the process', ofProcess, GOALS.memory),
    verdict('growth of JavaScript', growth, GOALS.growth),
    verdict('bundle', bundle.all, GOALS.bundleKb, ' KB'),
  ]
  process.stdout.write(`${text.join('\n')}\n`)
  const { scrolled: _one, session: _other, ...rest } = result
  keep('app', { goals: GOALS, busy, start, frames: { scrolled: frames[0], session: frames[1] }, growth, ...rest })
}
