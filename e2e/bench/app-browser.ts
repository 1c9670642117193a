import { readFileSync } from 'node:fs'
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core'
import { findChromium } from '../lab/browser.ts'

export type BenchBrowser = {
  readonly page: Page
  /** Runs `act` and tells how busy the page's main thread was in each of its frames. */
  trace(act: () => Promise<void>): Promise<Frames>
  /** After collecting garbage, in MB: JavaScript's own, and all of the page's process (proportional set size). */
  memory(): Promise<Memory>
  close(): Promise<void>
}

export type Memory = { heap: number; process: number }
/**
 * Milliseconds of the main thread in each frame, and of them what it had a processor for, which a busy machine does not
 * stretch; `dropped` of `all` frames that the compositor was asked for.
 */
export type Frames = { work: number[]; computed: number[]; dropped: number; all: number }

/** A Chromium of its own, cold: its profile is new and goes with it. */
export async function launch(): Promise<BenchBrowser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('There is no Chromium here (Debian package chromium).')
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox', // root in a test machine; the pages are our own
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      // A renderer in reserve would be counted for the page's.
      '--disable-features=SpareRendererForSitePerProcess',
    ],
  })
  const page = await browser.newPage({ viewport: { width: 1000, height: 720 } })
  // A busy machine is said to be one, and not given up.
  page.setDefaultTimeout(180_000)
  return {
    page,
    async trace(act) {
      const categories = ['disabled-by-default-devtools.timeline', 'disabled-by-default-devtools.timeline.frame']
      await browser.startTracing(page, { categories: [...categories, 'devtools.timeline', 'cc', 'benchmark'] })
      await act()
      return framesOf(await browser.stopTracing())
    },
    async memory() {
      const session = await page.context().newCDPSession(page)
      await session.send('HeapProfiler.collectGarbage')
      await session.send('HeapProfiler.collectGarbage')
      const { usedSize } = await session.send('Runtime.getHeapUsage')
      await session.detach()
      return { heap: usedSize / 1e6, process: await rendererMb(browser) }
    },
    close: () => browser.close(),
  }
}

/** Of the largest renderer: an empty one besides may be left over from before the first page. */
async function rendererMb(browser: Browser): Promise<number> {
  const session: CDPSession = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))?.[1])
  return Math.max(...sizes.map((kilobytes) => (Number(kilobytes) * 1024) / 1e6))
}

type TraceEvent = {
  name: string
  ph: string
  pid: number
  tid: number
  ts: number
  dur?: number
  tdur?: number
  args?: { chrome_frame_reporter?: { state?: string } }
}

/** What each task of the main thread took, added up for the frame in which it ended. */
function framesOf(trace: Buffer): Frames {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] }
  const begun = traceEvents.filter(({ name }) => name === 'BeginMainThreadFrame')
  const threads = Map.groupBy(begun, ({ pid, tid }) => `${pid}/${tid}`)
  const [main = []] = [...threads.values()].sort((a, b) => b.length - a.length)
  const [first] = main
  if (!first) throw new Error('the trace has no frames')
  const starts = main.map(({ ts }) => ts).sort((a, b) => a - b)
  const work = starts.map(() => 0)
  const computed = starts.map(() => 0)
  let frame = 0
  const tasks = traceEvents
    .filter(({ name, ph, pid, tid }) => name === 'RunTask' && ph === 'X' && pid === first.pid && tid === first.tid)
    .sort((a, b) => a.ts - b.ts)
  for (const { ts, dur = 0, tdur = dur } of tasks) {
    const end = ts + dur
    if (end < first.ts) continue
    while (frame + 1 < starts.length && (starts[frame + 1] as number) <= end) frame++
    work[frame] = (work[frame] ?? 0) + dur / 1000
    computed[frame] = (computed[frame] ?? 0) + tdur / 1000
  }
  const states = traceEvents
    .filter(({ name, ph, pid }) => name === 'PipelineReporter' && ph === 'b' && pid === first.pid)
    .map(({ args }) => args?.chrome_frame_reporter?.state)
  return { work, computed, dropped: states.filter((state) => state === 'STATE_DROPPED').length, all: states.length }
}
