import type { ServiceConsumer } from '../../ports/service-type.ts'
import { type Context, withDeadline } from './context.ts'
import { NotVerified } from './failed.ts'
import { seenAddress } from './probe.ts'

/** An answer of at least so much takes a few dozen full packets; of more than this nobody asked. */
const TRANSFER_BYTES = { least: 32 * 1024, most: 64 * 1024 }

/**
 * Whether the tunnel does what was paid for, as far as the network file names somebody to ask: the address
 * changes, names are answered, and large packets come through. All at once, and over within `verifyMs`; throws
 * `NotVerified`. Resolves with the address that others see.
 *
 * That it is the provider's own address cannot be told: a proposal's contacts name a broker, and where traffic
 * leaves may differ from where the tunnel ends by the proposal's own words (service and origin location).
 */
export async function verify(context: Context, service: ServiceConsumer): Promise<string> {
  const { deps, timing, signal } = context
  const { transfer, resolver } = deps.checks ?? {}
  const limited = withDeadline(deps.clock, signal, timing.verifyMs)
  const through = (url: string, limit: AbortSignal) => service.fetchThrough(url, limit)
  try {
    const [address, carriesLarge, answersNames] = await Promise.all([
      seenAddress(context, through, limited.signal, timing.verifyMs / deps.probes.length).catch(() => undefined),
      transfer === undefined || transfers(service, transfer, limited.signal),
      resolver === undefined || answers(service, resolver, nameOf(deps.probes[0]), limited.signal),
    ])
    signal.throwIfAborted()
    if (address === undefined) throw new NotVerified('Nothing came back through the tunnel.', true)
    if (address === (await context.ownAddress()))
      throw new NotVerified('The tunnel does not change your address.', true)
    if (!carriesLarge) {
      throw new NotVerified('Small packets pass through the tunnel and large ones do not; try another provider.')
    }
    if (!answersNames) throw new NotVerified('No names are answered through the tunnel; try another provider.')
    return address
  } finally {
    limited.done()
  }
}

async function transfers(service: ServiceConsumer, url: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await service.fetchThrough(url, signal, TRANSFER_BYTES.most)).length >= TRANSFER_BYTES.least
  } catch {
    return false
  }
}

/** A proxy resolves names at its other end: there is nothing to ask. */
async function answers(service: ServiceConsumer, server: string, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await service.askNameServer?.(server, name, signal)
    return true
  } catch {
    return false
  }
}

/** Any name will do, since "there is no such name" is an answer too. */
function nameOf(probe = ''): string {
  const { hostname } = new URL(probe)
  return /^[\d.]+$|^\[/.test(hostname) ? 'mysterium.invalid' : hostname
}
