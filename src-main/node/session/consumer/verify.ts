import { isIP, isIPv6 } from 'node:net'
import type { LiveSession } from '#shared/model/session.ts'
import type { ServiceConsumer } from '../../ports/service-type.ts'
import { type Context, withDeadline } from './context.ts'
import { NotVerified, ownResolverSilent } from './failed.ts'
import { seenAddress } from './probe.ts'

/** An answer of at least so much takes a few dozen full packets; of more than this nobody asked. */
const TRANSFER_BYTES = { least: 32 * 1024, most: 64 * 1024 }

/** Three full packets: enough to show that such pass upwards, and less than any web server takes for too long. */
const PADDING_BYTES = 4_000

type Exit = NonNullable<LiveSession['exit']>

/**
 * Whether the tunnel does what was paid for, as far as the network file names somebody to ask: the address
 * changes, names are answered, and large packets come through, both ways. All at once, and over within
 * `verifyMs`; throws `NotVerified`, or `OwnResolverSilent` when only the person's own name server does not answer. Resolves with the address that others see.
 *
 * That this is another one than the provider's is no failure, only told: by the proposal's own words (service and
 * origin location) traffic may leave elsewhere than the tunnel ends. The country of an address is known to no probe.
 */
export async function verify(context: Context, service: ServiceConsumer): Promise<Exit> {
  const { deps, timing, signal } = context
  const { transfer, resolver } = deps.checks ?? {}
  const limited = withDeadline(deps.clock, signal, timing.verifyMs)
  const startedAtMs = deps.clock.now()
  const through = (url: string, limit: AbortSignal) => service.fetchThrough(url, limit)
  try {
    const [address, carriesLarge, answersNames] = await Promise.all([
      seenAddress(context, through, limited.signal, timing.verifyMs / deps.probes.length).catch(() => undefined),
      transfer === undefined || transfers(context, service, transfer, limited.signal),
      resolver === undefined || answers(service, resolver, nameOf(deps.probes[0]), limited.signal),
    ])
    signal.throwIfAborted()
    // A machine that slept meanwhile, or was held up, heard nothing either.
    const wasAwake = deps.clock.now() - startedAtMs < 2 * timing.verifyMs
    if (address === undefined) throw new NotVerified('Nothing came back through the tunnel.', wasAwake)
    if (address === (await context.ownAddress()))
      throw new NotVerified('The tunnel does not change your address.', true)
    if (!carriesLarge) {
      throw new NotVerified('Small packets pass through the tunnel and large ones do not; try another provider.')
    }
    if (!answersNames && resolver !== undefined && deps.checks?.isOwnResolver) throw ownResolverSilent(resolver)
    if (!answersNames) throw new NotVerified('No names are answered through the tunnel; try another provider.')
    const isProviders = isOneOf(address, service.remoteAddresses())
    return { address, ...(isProviders === undefined ? {} : { isProviders }) }
  } finally {
    limited.done()
  }
}

/**
 * Where large packets are swallowed without a word (an MTU black hole), everything goes on in smaller ones. A path
 * that is only slow is not told from that one, and loses little by it: so what was asked first still counts.
 */
async function transfers(
  { deps, timing }: Context,
  service: ServiceConsumer,
  url: string,
  signal: AbortSignal,
): Promise<boolean> {
  const size = { maxBytes: TRANSFER_BYTES.most, padding: PADDING_BYTES }
  const transfer = async () => (await service.fetchThrough(url, signal, size)).length >= TRANSFER_BYTES.least
  const whole = transfer().catch(() => false)
  if (!service.shrinkPackets) return whole
  const patience = Promise.withResolvers<false>()
  const cancel = deps.clock.after(timing.wholeMs, () => patience.resolve(false))
  if (await Promise.race([whole, patience.promise]).finally(cancel)) return true
  const smaller = service
    .shrinkPackets()
    .then(transfer)
    .catch(() => false)
  return Promise.any([whole, smaller].map(async (passed) => (await passed) || Promise.reject(new Error('no')))).catch(
    () => false,
  )
}

/** Undefined where there is nothing of the same family to compare with. */
function isOneOf(address: string, others: readonly string[]): boolean | undefined {
  const same = others.filter((other) => isIP(other) === isIP(address))
  return same.length === 0 ? undefined : same.some((other) => canonical(other) === canonical(address))
}

/** IPv6 has many spellings. */
function canonical(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname : address
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
