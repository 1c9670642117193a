import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { Failure } from './failure.ts'
import { isHelperAlive, networkNamespace } from './journal.ts'

/** Of a network, by one helper at a time: to guard it or to have a tunnel in it. Lost with the helper's end, however it ends. */
export type Claim = {
  /** Rejects with `NetworkTaken` when another helper has it and keeps it. */
  take(): Promise<void>
  drop(): void
  readonly isMine: boolean
}

const FILE = 'network'
/** A helper whose node has just gone needs a moment to take its tunnel down. */
const WAIT_MS = 4_000

/**
 * A file in each helper's own directory names the network that it claims. It is written first and then the others'
 * are looked at: of two that want it in the same moment both may be refused, but never have both of them it.
 */
export function createClaim(dir: string): Claim {
  let isMine = false
  const drop = () => {
    rmSync(join(dir, FILE), { force: true })
    isMine = false
  }
  return {
    drop,
    get isMine() {
      return isMine
    },
    async take() {
      for (const end = Date.now() + WAIT_MS; !isMine; await delay(50)) {
        writeFileSync(join(dir, FILE), networkNamespace(), { mode: 0o600 })
        isMine = !othersClaims(dir).includes(networkNamespace())
        if (isMine) return
        drop()
        if (Date.now() > end) {
          throw new Failure(
            'NetworkTaken',
            'Another program of this machine uses Mysterium already; disconnect it first, or restore the internet.',
          )
        }
      }
    },
  }
}

function othersClaims(dir: string): string[] {
  const all = dirname(dir)
  const others = readdirSync(all).filter((name) => name !== basename(dir) && isHelperAlive(name))
  return others.flatMap((name) => {
    try {
      return readFileSync(join(all, name, FILE), 'utf8')
    } catch {
      return [] // it claims nothing
    }
  })
}
