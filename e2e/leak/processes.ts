import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Victim } from './plan.ts'

/** The node, its helper and that one's OpenVPN, as far as they run at this moment. */
export function processesOf(node: number | undefined): ReadonlyMap<Victim, number> {
  const found = new Map<Victim, number>()
  if (node === undefined || !isAlive(node)) return found
  found.set('node', node)
  const helper = childOf(node, 'helper/main.ts\0')
  if (helper !== undefined) found.set('helper', helper)
  const openvpn = helper === undefined ? undefined : childOf(helper, 'openvpn\0')
  if (openvpn !== undefined) found.set('openvpn', openvpn)
  return found
}

/** SIGKILL to all of them at once; resolves when they are gone. */
export async function kill(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGKILL')
  await untilGone(pids)
}

/** For those that end by themselves; the kernel tells nobody but their parent of it. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await wait(1)
}

/** They stand still, as when the machine sleeps. */
export async function freeze(pids: readonly number[], ms: number): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGSTOP')
  await wait(ms)
  for (const pid of pids) signal(pid, 'SIGCONT')
}

/** Passes over who has ended by itself. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended in between.
  }
}

/** Waits finer than a timer does. */
export async function waitFinely(ms: number): Promise<void> {
  const until = performance.now() + ms
  await wait(Math.max(0, Math.floor(ms) - 1))
  while (performance.now() < until);
}

function childOf(pid: number, text: string): number | undefined {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return children.find((child) => read(`/proc/${child}/cmdline`).includes(text))
}

/** A zombie has ended, whether or not somebody collected it. */
function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`)
  const state = stat.slice(stat.lastIndexOf(')') + 2)[0]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
