import { burstBytes } from './firewall.ts'

/**
 * One class per client in the tunnel device's queue (HTB): it limits what a client receives and counts it packet by
 * packet as the device does. Where all of them together are limited, they stand below one class for that. The firewall chooses the class through the packet's priority,
 * so no filters are needed. Input for `tc -batch -`.
 */
const UNLIMITED_BYTES_PER_SECOND = 5_000_000_000

/** Not a client's: their numbers begin with 2. */
const TOTAL_CLASS = 1

/** Bytes per second. */
export type ShaperRates = { perClient: number | undefined; total: number | undefined; maxClients: number }

export function shaperStart(device: string, { total }: ShaperRates): string {
  const root = `qdisc add dev ${device} root handle 1: htb\n`
  return total === undefined ? root : root + classAdd(device, '1:', TOTAL_CLASS, total, total)
}

/**
 * HTB gives each class its `rate` even when that is more than the class above has left. So the clients' rates are
 * an equal share, which adds up to no more than the total, and what others leave is borrowed up to `ceil`.
 */
export function shaperAdd(device: string, client: number, { perClient, total, maxClients }: ShaperRates): string {
  const ceil = Math.min(perClient ?? UNLIMITED_BYTES_PER_SECOND, total ?? UNLIMITED_BYTES_PER_SECOND)
  const rate = total === undefined ? ceil : Math.max(1, Math.floor(Math.min(ceil, total / maxClients)))
  return classAdd(device, total === undefined ? '1:' : `1:${TOTAL_CLASS}`, client, rate, ceil)
}

function classAdd(device: string, parent: string, id: number, rate: number, ceil: number): string {
  const burst = (bytes: number) => Math.min(burstBytes(bytes), 4 * 1024 * 1024)
  return `class add dev ${device} parent ${parent} classid 1:${id.toString(16)} htb rate ${rate}bps ceil ${ceil}bps burst ${burst(rate)} cburst ${burst(ceil)} quantum 60000\n`
}

export function shaperRemove(device: string, client: number): string {
  return `class del dev ${device} classid 1:${client.toString(16)}\n`
}

/** Bytes per client number, out of `tc -s class show` (it has no JSON for classes). */
export function readClasses(text: string): Map<number, bigint> {
  const found = text.matchAll(/^class htb 1:([0-9a-f]{1,4}) .*\n Sent (\d+) bytes /gm)
  return new Map([...found].map(([, id = '', bytes = '0']) => [Number.parseInt(id, 16), BigInt(bytes)]))
}
