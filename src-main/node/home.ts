import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** The same for every door, so that a person has one node and not two: the XDG data directory's `mysterium`. */
export function defaultHome(): string {
  const data = process.env.XDG_DATA_HOME
  return join(data?.startsWith('/') ? data : join(homedir(), '.local', 'share'), 'mysterium')
}

/**
 * One process per home: two of them would issue two promises under one serial. The lock is a
 * transaction that stays open on a database of its own, because the operating system takes it away
 * with the process, also after a power cut or kill -9. Undefined when another process holds it for
 * longer than `waitMs`.
 */
export async function acquireHome(home: string, waitMs = 15_000): Promise<(() => void) | undefined> {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const deadline = Date.now() + waitMs
  for (;;) {
    const lock = new DatabaseSync(join(home, 'lock.db'), { timeout: 0 })
    try {
      lock.exec('BEGIN EXCLUSIVE')
      return () => lock.close()
    } catch (error) {
      lock.close()
      const busy = error instanceof Error && 'errcode' in error && error.errcode === 5 // SQLITE_BUSY
      if (!busy) throw error
      if (Date.now() > deadline) return undefined
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
