import type { ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** A line a program printed: parsed when it was a JSON object, else under `text`. */
export type Line = { readonly [key: string]: unknown }
export type Exit = { code: number | null; signal: NodeJS.Signals | null; stderr: string }

export type LineProcess = {
  readonly pid: number
  readonly lines: readonly Line[]
  readonly exited: Promise<Exit>
  /**
   * The first line, of those printed already or yet to come, for which `test` holds. Rejects, with what
   * was printed, when the program ends before or `timeoutMs` (default 60 s) are over.
   */
  until(what: string, test: (line: Line) => boolean, timeoutMs?: number): Promise<Line>
  /** As `until`, but only lines printed from now on. */
  next(what: string, test: (line: Line) => boolean, timeoutMs?: number): Promise<Line>
  kill(signal: NodeJS.Signals): void
  /** As Ctrl-C; resolves when it has ended. */
  stop(): Promise<Exit>
}

/** Wraps a child whose stdout and stderr are pipes; both go to `logFile` as well. */
export function readLines(child: ChildProcess, name: string, logFile: string): LineProcess {
  const { pid, stdout, stderr } = child
  if (pid === undefined || !stdout || !stderr) throw new Error(`${name} could not be started.`)
  const log = createWriteStream(logFile)
  const lines: Line[] = []
  const waiting = new Set<(line: Line | undefined) => void>()
  let errors = ''
  let ended = false

  stderr.on('data', (data: Buffer) => {
    errors = (errors + data.toString()).slice(-16_384)
    log.write(data)
  })
  createInterface({ input: stdout }).on('line', (text) => {
    log.write(`${text}\n`)
    const line = parse(text)
    lines.push(line)
    for (const look of waiting) look(line)
  })
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true
      log.end()
      for (const look of waiting) look(undefined)
      resolve({ code, signal, stderr: errors })
    })
  })

  const told = () =>
    `It printed:\n${lines
      .slice(-12)
      .map((line) => JSON.stringify(line))
      .join('\n')}\n${errors.slice(-2000)}`
  const next = (what: string, test: (line: Line) => boolean, timeoutMs = 60_000) =>
    new Promise<Line>((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer)
        waiting.delete(look)
        act()
      }
      const timer = setTimeout(
        () => settle(() => reject(new Error(`${name}: no ${what} within ${timeoutMs} ms. ${told()}`))),
        timeoutMs,
      )
      const look = (line: Line | undefined) => {
        if (line === undefined) settle(() => reject(new Error(`${name} ended before ${what}. ${told()}`)))
        else if (test(line)) settle(() => resolve(line))
      }
      waiting.add(look)
      if (ended) look(undefined)
    })

  return {
    pid,
    lines,
    exited,
    next,
    until(what, test, timeoutMs) {
      const already = lines.find(test)
      return already ? Promise.resolve(already) : next(what, test, timeoutMs)
    },
    kill: (signal) => void child.kill(signal),
    stop() {
      child.kill('SIGINT')
      return exited
    },
  }
}

function parse(text: string): Line {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Line
  } catch {
    // Not JSON: kept as text.
  }
  return { text }
}
