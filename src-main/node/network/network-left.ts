import { readFileSync, readlinkSync } from 'node:fs'
import type { NetworkState } from '../ports/privilege.ts'
import { networkResult } from './frames.ts'

/** Where the helper keeps it (`src-main/helper/network-state.ts`); only root can write there. */
const DIRECTORY = '/run/myst-network'

/**
 * What a helper left that is no more: its block stays, and a tunnel it had is one no longer. Read without
 * any rights, so that the app can say so before it asks for a password.
 */
export function readNetworkLeft(): NetworkState {
  try {
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0] ?? '0'
    const { since } = networkResult.parse(JSON.parse(readFileSync(`${DIRECTORY}/${namespace}.json`, 'utf8')))
    return { state: 'blocked', ...(since !== undefined && { since }) }
  } catch {
    return { state: 'open' }
  }
}
