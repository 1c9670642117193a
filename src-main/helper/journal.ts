import { existsSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Programs } from './programs.ts'
import { run } from './run.ts'

/**
 * Every change to the system is written down before it is made, and undone from what was written: by
 * the helper when it ends, or by the next one when it was killed. Changes are typed and narrow, so that
 * undoing can only remove what is ours (routes and rules carry our protocol number).
 */
export type Change =
  | { kind: 'process'; pid: number; startTime: string }
  | { kind: 'table'; name: string }
  | { kind: 'sysctl'; path: string; before: string; after: string }
  | { kind: 'route'; family: 4 | 6; args: string[] }
  | { kind: 'rule'; family: 4 | 6; args: string[] }

export type Journal = {
  /** To be called before the change is made. */
  record(change: Change): void
  /** Undoes the changes that `which` chooses, last first; what is already gone is fine. */
  undo(which: (change: Change) => boolean): Promise<void>
}

const FILE = 'changes.json'

/** Names the network namespace that this process is in. */
export function networkNamespace(): string {
  return readlinkSync('/proc/self/ns/net')
}

export function openJournal(deps: { dir: string; programs: Programs; log: (line: string) => void }): Journal {
  const file = join(deps.dir, FILE)
  let changes = readJournal(deps.dir)?.changes ?? []
  const save = () => {
    writeFileSync(`${file}.new`, JSON.stringify({ namespace: networkNamespace(), changes }), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return {
    record(change) {
      changes.push(change)
      save()
    },
    async undo(which) {
      for (const change of changes.filter(which).reverse()) {
        await undoOne(change, deps.programs).catch((error: unknown) =>
          deps.log(`not undone: ${change.kind}: ${String(error)}`),
        )
        changes = changes.filter((other) => other !== change)
        save()
      }
    },
  }
}

/** What an earlier helper wrote. Only root can write there, so its form is trusted. */
export function readJournal(dir: string): { namespace: string; changes: Change[] } | undefined {
  const file = join(dir, FILE)
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { namespace: string; changes: Change[] }
  } catch {
    return undefined
  }
}

async function undoOne(change: Change, programs: Programs): Promise<void> {
  switch (change.kind) {
    case 'process':
      // It ends by itself when the helper is gone; this is for one that hangs.
      if (startTime(change.pid) === change.startTime) process.kill(change.pid, 'SIGKILL')
      return
    case 'table':
      if (await tableExists(change.name, programs)) {
        await run(programs('nft'), ['delete', 'table', 'inet', change.name])
      }
      return
    case 'sysctl':
      // Somebody else changed it since: then it is theirs.
      if (existsSync(change.path) && readFileSync(change.path, 'utf8').trim() === change.after) {
        writeFileSync(change.path, change.before)
      }
      return
    case 'route':
    case 'rule':
      // The kernel removes routes together with their device.
      await run(programs('ip'), [`-${change.family}`, change.kind, 'del', ...change.args]).catch(() => '')
  }
}

export async function tableExists(name: string, programs: Programs): Promise<boolean> {
  const text = await run(programs('nft'), ['list', 'tables', 'inet'])
  return text.split('\n').includes(`table inet ${name}`)
}

/** Whether the helper lives whose directory has this name: its process number and start. */
export function isHelperAlive(name: string): boolean {
  const [, pid, started] = /^(\d+)-(\d+)$/.exec(name) ?? []
  return started !== undefined && startTime(Number(pid)) === started
}

/** Start of a process in clock ticks since boot: with its number, it names a process for ever. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field, the name in parentheses, may contain anything. The third is the state, where a
    // zombie is dead whether or not somebody collected it, and the 22nd the start time (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}
