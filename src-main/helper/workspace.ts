import { existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { Failure } from './failure.ts'
import { isHelperAlive, networkNamespace, openJournal, readJournal, startTime, tableExists } from './journal.ts'
import type { Programs } from './programs.ts'

/** In memory, root's own, and empty after a restart of the machine, as routes and tables are. */
const ROOT = '/run/myst-helper'

export type Workspace = { dir: string; remove(): void }

/** The helper's own directory, 0700, named after the process so that it is known for ever whether it lives. */
export function createWorkspace(): Workspace {
  requireRoot()
  const dir = join(ROOT, `${process.pid}-${startTime(process.pid) ?? '0'}`)
  mkdirSync(dir, { mode: 0o700 })
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

/**
 * Undoes what a helper left that was killed. Its namespace must be ours; if that namespace is no more,
 * everything in it is gone and only the directory is removed.
 */
export async function removeLeftovers(deps: { programs: Programs; log: (line: string) => void }): Promise<void> {
  requireRoot()
  for (const name of readdirSync(ROOT)) {
    if (isHelperAlive(name)) continue
    const dir = join(ROOT, name)
    const left = readJournal(dir)
    if (left && left.namespace === networkNamespace()) {
      deps.log(`removing what helper ${name} left`)
      // The number of a namespace may have been given out again: forwarding is only put back where our table still is.
      const table = left.changes.find((change) => change.kind === 'table')
      const ours = table !== undefined && (await tableExists(table.name, deps.programs))
      const journal = openJournal({ ...deps, dir })
      await journal
        .undo((change) => change.kind !== 'sysctl' || ours)
        .catch((error: unknown) => {
          // Another helper that starts at this moment was done with it first.
          if (existsSync(dir)) throw error
        })
    } else if (left && namespaceExists(left.namespace)) continue
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Helpers that run, each in its network namespace. */
export function helpersAlive(): { pid: number; started: string; namespace: string }[] {
  requireRoot()
  return readdirSync(ROOT).flatMap((name) => {
    const [, pid, started] = /^(\d+)-(\d+)$/.exec(name) ?? []
    if (pid === undefined || started === undefined || startTime(Number(pid)) !== started) return []
    try {
      return { pid: Number(pid), started, namespace: readlinkSync(`/proc/${pid}/ns/net`) }
    } catch {
      return []
    }
  })
}

function requireRoot(): void {
  mkdirSync(ROOT, { recursive: true, mode: 0o700 })
  const { uid, mode } = lstatSync(ROOT)
  if (uid !== 0 || (mode & 0o077) !== 0 || !lstatSync(ROOT).isDirectory()) {
    throw new Failure('NotPermitted', `The directory ${ROOT} does not belong to root alone.`)
  }
}

/** Whether a process or a name still holds it. What we may not look at (as a service we may not) could. */
function namespaceExists(namespace: string): boolean {
  const held = (path: string) => {
    try {
      return readlinkSync(path) === namespace
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EACCES'
    }
  }
  const named = '/run/netns'
  const names = existsSync(named) ? readdirSync(named) : []
  const byName = names.some((name) => {
    try {
      return `net:[${statSync(join(named, name)).ino}]` === namespace
    } catch {
      return false
    }
  })
  return byName || readdirSync('/proc').some((name) => /^\d+$/.test(name) && held(`/proc/${name}/ns/net`))
}
