import { readFileSync } from 'node:fs'

import { type Host, programOf } from './host.ts'
import { run } from './run.ts'

/**
 * What came out of the tunnel without being asked for, so that nobody pays for it: a provider can write any
 * packet into the device, and the guard drops it only after the device has counted it. It is what the device
 * counted less what belongs to connections of this machine, so that packets which the kernel drops before
 * anything sees them are in it too.
 *
 * Bytes since the device was made; never falls. The device is read first: what arrives between the two readings
 * hides a little of it for a second, and nothing that was asked for is ever taken for it.
 */
export async function watchUnasked(host: Host, device: string, tell: (bytes: bigint) => void): Promise<() => void> {
  const table = `myst_${device}`
  const nft = (args: readonly string[], input?: string) => run(programOf(host, 'nft'), args, input)
  host.journal.record({ kind: 'table', name: table })
  await nft(['-f', '-'], askedRules(table, device))
  let told = 0n
  let isReading = false
  const read = async () => {
    if (isReading) return
    isReading = true
    try {
      const received = BigInt(readFileSync(`/sys/class/net/${device}/statistics/rx_bytes`, 'utf8').trim())
      const unasked = received - readAsked(await nft(['-j', 'list', 'counter', 'inet', table, 'asked']))
      if (unasked <= told) return
      told = unasked
      tell(unasked)
    } catch (error) {
      host.log(`the tunnel's traffic was not read: ${String(error)}`)
    } finally {
      isReading = false
    }
  }
  const timer = setInterval(read, READ_MS)
  return () => clearInterval(timer)
}

const READ_MS = 1_000

function askedRules(table: string, device: string): string {
  return `add table inet ${table}
delete table inet ${table}
table inet ${table} {
  counter asked { }
  chain arriving {
    type filter hook prerouting priority mangle; policy accept;
    iifname "${device}" ct state { established, related, untracked } counter name asked
  }
}
`
}

function readAsked(json: string): bigint {
  const { nftables = [] } = JSON.parse(json) as { nftables?: { counter?: { bytes: number } }[] }
  return BigInt(nftables.find(({ counter }) => counter)?.counter?.bytes ?? 0)
}
