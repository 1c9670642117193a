import { burstBytes } from './firewall.ts'

/**
 * One class per client in the tunnel device's queue (HTB): it limits what a client receives and counts
 * it packet by packet as the device does. The firewall chooses the class through the packet's priority,
 * so no filters are needed. Input for `tc -batch -`.
 */
const UNLIMITED_BYTES_PER_SECOND = 5_000_000_000

export function shaperStart(device: string): string {
  return `qdisc add dev ${device} root handle 1: htb\n`
}

export function shaperAdd(device: string, client: number, bytesPerSecond: number | undefined): string {
  const rate = bytesPerSecond ?? UNLIMITED_BYTES_PER_SECOND
  const burst = Math.min(burstBytes(rate), 4 * 1024 * 1024)
  const id = client.toString(16)
  return `class add dev ${device} parent 1: classid 1:${id} htb rate ${rate}bps ceil ${rate}bps burst ${burst} cburst ${burst} quantum 60000\n`
}

export function shaperRemove(device: string, client: number): string {
  return `class del dev ${device} classid 1:${client.toString(16)}\n`
}

/** Bytes per client number, out of `tc -s class show` (it has no JSON for classes). */
export function readClasses(text: string): Map<number, bigint> {
  const found = text.matchAll(/^class htb 1:([0-9a-f]{1,4}) .*\n Sent (\d+) bytes /gm)
  return new Map([...found].map(([, id = '', bytes = '0']) => [Number.parseInt(id, 16), BigInt(bytes)]))
}
