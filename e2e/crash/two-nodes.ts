import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { IdentityId } from '../../src-shared/model/identity.ts'
import { type LineProcess, readLines } from '../lab/line-process.ts'
import type { Role, Told } from './terms.ts'

/** The two nodes as processes, each with a spare that has loaded its program and touched nothing yet. */
export type TwoNodes = {
  /** Lets the spare open the books; it says nothing to anybody yet. */
  open(role: Role, updates: boolean): Promise<void>
  command(role: Role, command: 'talk' | 'clear' | 'pause'): void
  /** The `count`-th such line from now on; what a node tells after it was killed is never waited for. */
  next(role: Role, event: Told['event'], count?: number): Promise<Told>
  /** SIGKILL to all of them at one moment, `afterMs` from now. Resolves with all that they told when they are gone. */
  kill(roles: readonly Role[], afterMs: number): Promise<void>
  /** Everything that was told since it was last asked. */
  told(role: Role): Told[]
  /** The last that either told, to explain why nothing more comes. */
  recent(): string
  dispose(): Promise<void>
}

type Running = { child: ChildProcess; lines: LineProcess; heard: number }

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = fileURLToPath(new URL('./node.ts', import.meta.url))

export function createTwoNodes(
  dir: string,
  networkFile: string,
  homes: Readonly<Record<Role, { id: IdentityId; home: string }>>,
): TwoNodes {
  let started = 0
  const running = new Set<Running>()
  const live: Partial<Record<Role, Running>> = {}
  const logs = join(dir, 'logs')
  mkdirSync(logs)

  function load(role: Role): Running {
    const peer = role === 'issuer' ? homes.benefiter.id : homes.issuer.id
    const args = ['--disable-warning=ExperimentalWarning', program, role, homes[role].home, networkFile, peer]
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] })
    // A command to a node that is being killed goes nowhere.
    child.stdin?.on('error', () => undefined)
    const lines = readLines(child, role, join(logs, `${started++}-${role}.log`))
    const one = { child, lines, heard: 0 }
    running.add(one)
    void lines.exited.then(() => running.delete(one))
    return one
  }

  const spares: Record<Role, Running> = { issuer: load('issuer'), benefiter: load('benefiter') }

  function of(role: Role): Running {
    const one = live[role]
    if (!one) throw new Error(`The ${role} does not run.`)
    return one
  }

  return {
    async open(role, updates) {
      const one = spares[role]
      spares[role] = load(role)
      live[role] = one
      one.child.stdin?.write(`open ${updates ? 'updates' : 'new-promises'}\n`)
      await one.lines.until('open books', (line) => line.event === 'open')
    },
    command: (role, command) => void of(role).child.stdin?.write(`${command}\n`),
    async next(role, event, count = 1) {
      let seen = 0
      const line = await of(role).lines.next(`${count}. "${event}"`, (one) => one.event === event && ++seen === count)
      return line as Told
    },
    async kill(roles, afterMs) {
      const atMs = performance.now() + afterMs
      await wait(Math.floor(afterMs))
      // Finer than a timer.
      while (performance.now() < atMs);
      const victims = roles.map(of)
      for (const { lines } of victims) lines.kill('SIGKILL')
      await Promise.all(victims.map(({ lines }) => lines.exited))
    },
    told(role) {
      const one = of(role)
      const fresh = one.lines.lines.slice(one.heard)
      one.heard += fresh.length
      return fresh as Told[]
    },
    recent: () =>
      Object.entries(live)
        .map(
          ([role, { lines }]) =>
            `${role}: ${lines.lines
              .slice(-8)
              .map((line) => JSON.stringify(line))
              .join(' ')}`,
        )
        .join('\n'),
    async dispose() {
      await Promise.all(
        [...running].map(({ lines }) => {
          lines.kill('SIGKILL')
          return lines.exited
        }),
      )
    },
  }
}
