import { execFile } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import type { NetworkState } from '../ports/privilege.ts'
import { networkResult } from './frames.ts'
import { systemProgram } from './this-computer.ts'

/** Where the helper keeps it (`src-main/helper/network-state.ts`); only root can write there. */
const DIRECTORY = '/run/myst-network'
const GUARDED_TABLE = '7111'

/**
 * What a helper left that is no more: its block stays, and a tunnel it had is one no longer. Asked without
 * any rights, so that the app can say so before it asks for a password.
 */
export async function readNetworkLeft(): Promise<NetworkState> {
  if (process.platform !== 'linux' || !(await isMarked())) return { state: 'open' }
  try {
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0] ?? '0'
    const { since } = networkResult.parse(JSON.parse(readFileSync(`${DIRECTORY}/${namespace}.json`, 'utf8')))
    return { state: 'blocked', ...(since !== undefined && { since }) }
  } catch {
    return { state: 'blocked' }
  }
}

/** Whether the route is there that the guard puts into the network it guards. */
function isMarked(): Promise<boolean> {
  const ip = systemProgram('ip')
  if (ip === undefined) return Promise.resolve(false)
  return new Promise((resolve) => {
    // Fails where there is no such table.
    execFile(ip, ['-4', 'route', 'show', 'table', GUARDED_TABLE], { timeout: 5_000 }, (error, text) =>
      resolve(!error && text.startsWith('unreachable default')),
    )
  })
}
