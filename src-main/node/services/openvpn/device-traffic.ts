import { readFileSync } from 'node:fs'

import type { Traffic } from '../../ports/service-type.ts'

/** Bytes through a device since it was made; undefined when it is not there (any more). */
export function readDeviceTraffic(
  device: string,
  read = () => readFileSync('/proc/net/dev', 'utf8'),
): Traffic | undefined {
  for (const line of read().split('\n')) {
    const [name, fields = ''] = line.split(':')
    if (name?.trim() !== device) continue
    const numbers = fields.trim().split(/\s+/)
    // Received bytes are the first, sent bytes the ninth field (proc(5)).
    return { bytesDown: BigInt(numbers[0] ?? 0), bytesUp: BigInt(numbers[8] ?? 0) }
  }
  return undefined
}
