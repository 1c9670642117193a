import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'

import type { Journal } from './journal.ts'

const IPV4 = '/proc/sys/net/ipv4/ip_forward'
const IPV6 = '/proc/sys/net/ipv6/conf'

/** Lets packets pass between tunnel and internet; undone from the journal. */
export function allowForwarding(journal: Journal, withIPv6: boolean): void {
  set(journal, IPV4, '1')
  if (!withIPv6) return
  // A machine that forwards ignores router advertisements unless told not to: it would lose its own IPv6.
  for (const name of readdirSync(IPV6).filter((name) => name !== 'all')) {
    const path = `${IPV6}/${name}/accept_ra`
    if (existsSync(path) && readFileSync(path, 'utf8').trim() === '1') set(journal, path, '2')
  }
  // Writing "all" overwrites every device's own value: undoing that in the end restores most machines.
  set(journal, `${IPV6}/all/forwarding`, '1')
}

/**
 * Lets OpenVPN have the socket buffers it asks for; the usual limit is a fifth of that, and what is lost
 * for want of it was counted by the other side. In a namespace this is not ours to change.
 */
export function allowSocketBuffers(journal: Journal, bytes: number): void {
  for (const path of ['/proc/sys/net/core/rmem_max', '/proc/sys/net/core/wmem_max']) {
    try {
      if (Number(readFileSync(path, 'utf8')) < bytes) set(journal, path, String(bytes))
    } catch {
      // Then with smaller ones.
    }
  }
}

function set(journal: Journal, path: string, after: string): void {
  const before = readFileSync(path, 'utf8').trim()
  if (before === after) return
  journal.record({ kind: 'sysctl', path, before, after })
  writeFileSync(path, after)
}
