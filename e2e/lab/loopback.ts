import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Exit, type Line, type LineProcess, readLines } from './line-process.ts'

/** The command line on this machine's own loopback: what needs no hosts, no root and no tunnel. */
export type Loopback = {
  readonly dir: string
  start(args: readonly string[], options?: RunOptions): LineProcess
  /** Runs to its end, whatever the outcome. */
  run(args: readonly string[], options?: RunOptions): Promise<Exit & { lines: readonly Line[] }>
  /** Ends what was started and removes the directory. */
  dispose(): Promise<void>
}

/** `home`: its name. `under`: a program and its arguments that start ours. */
type RunOptions = { home?: string; network?: string; passphrase?: string; under?: readonly string[] }

const root = fileURLToPath(new URL('../..', import.meta.url))

export function createLoopback(passphrase: string): Loopback {
  const dir = mkdtempSync(join(tmpdir(), 'myst-loopback-'))
  const running = new Set<LineProcess>()
  let started = 0
  const start: Loopback['start'] = (args, options = {}) => {
    const own = [
      process.execPath,
      join(root, 'scripts/myst.mjs'),
      '--home',
      join(dir, options.home ?? 'home'),
      '--json',
    ]
    const [file = '', ...rest] = [
      ...(options.under ?? []),
      ...own,
      ...(options.network === undefined ? [] : ['--network', options.network]),
      ...args,
    ]
    const child = spawn(file, rest, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, MYST_PASSPHRASE: options.passphrase ?? passphrase, XDG_DATA_HOME: join(dir, 'data') },
    })
    const lines = readLines(child, `myst ${args.join(' ')}`, join(dir, `${started++}.log`))
    running.add(lines)
    void lines.exited.then(() => running.delete(lines))
    return lines
  }
  return {
    dir,
    start,
    async run(args, options) {
      const process = start(args, options)
      return { ...(await process.exited), lines: process.lines }
    },
    async dispose() {
      await Promise.all([...running].map((process) => process.stop()))
      rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
