import { createPrivateKey, X509Certificate } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Privilege } from '../../ports/privilege.ts'
import type { ConsumerOptions, ServiceConsumer, Traffic } from '../../ports/service-type.ts'
import { createRequest } from './certificates.ts'
import { readDeviceTraffic } from './device-traffic.ts'
import { askNameServer, fetchThrough } from './fetch-through.ts'
import type { OpenVpnGuard } from './network-guard.ts'
import { providerData } from './session-data.ts'

/** What a path has to carry for IPv6 to work at all (RFC 8200), and so the least that can be set. */
const SMALL_MTU = 1280

/**
 * The consumer's half: one tunnel for one session, with a key pair made for it alone. From `start` on nothing
 * leaves this machine but through the tunnel; when the tunnel is lost or stopped the helper lets nothing out
 * at all, until the guard is opened.
 */
export async function createOpenVpnConsumer(
  deps: { privilege: Privilege; guard: OpenVpnGuard; log: Logger },
  options: ConsumerOptions,
): Promise<ServiceConsumer> {
  const { privilege, guard, log } = deps
  // The one place where a person may be asked for a password; nothing was paid yet.
  const [{ request, privateKey }] = await Promise.all([createRequest(), privilege.ensure()])
  const lostHandlers = new Set<(message: string) => void>()
  let device: string | undefined
  let last: Traffic = { bytesUp: 0n, bytesDown: 0n }
  let unasked = 0n
  let remoteAddresses: readonly string[] = []
  let unsubscribe: () => void = () => undefined

  /** By the device, less what the helper found that nobody had asked for: told a second later, so never less than before. */
  const traffic = () => {
    const counted = device === undefined ? undefined : readDeviceTraffic(device)
    if (!counted) return last
    const asked = { ...counted, bytesDown: counted.bytesDown - unasked }
    last = asked.bytesDown > last.bytesDown ? asked : { ...asked, bytesDown: last.bytesDown }
    return last
  }

  const addresses = () => {
    const found = device === undefined ? undefined : networkInterfaces()[device]
    if (!found) throw new MystError('TunnelDown', 'The tunnel is not up.')
    const addressOf = (family: string) => found.find((entry) => entry.family === family)?.address
    return { ipv4: addressOf('IPv4'), ipv6: addressOf('IPv6') }
  }

  const stop = async () => {
    unsubscribe()
    if (device === undefined) return
    traffic()
    device = undefined
    await privilege.tunnelStop()
  }

  return {
    request: () => ({ version: 1, certificateRequest: request }),
    async start(data, signal) {
      const parsed = providerData.safeParse(data)
      if (!parsed.success) {
        throw new MystError('ServiceDataInvalid', "The provider's session data is invalid; try another provider.")
      }
      const { remotes, ca, certificate, tlsCrypt } = parsed.data
      remoteAddresses = remotes.map(({ address }) => address)
      if (!isOurs(certificate, ca, privateKey)) {
        throw new MystError('ServiceDataInvalid', "The provider's certificates do not fit; try another provider.")
      }
      signal.throwIfAborted()
      const control = await guard.block(options.controlEndpoints)
      const controlAddresses = [...new Set(control.map(({ address }) => address))]
      signal.throwIfAborted()
      let lost: string | undefined
      unsubscribe = privilege.onEvent((event) => {
        if (event.event === 'tunnel-unasked') unasked = BigInt(event.bytes)
        if (event.event !== 'tunnel' || event.state !== 'down') return
        unsubscribe()
        lost = event.message ?? 'The tunnel was closed.'
        if (device === undefined) return
        device = undefined
        for (const handle of lostHandlers) handle(lost)
      })
      // The helper then gives the start up, takes back what it did, and `tunnelStart` rejects.
      const onAbort = () => void privilege.tunnelStop().catch((error: unknown) => log.warn(String(error)))
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        const tunnel = await privilege.tunnelStart({
          ...{ remotes, ca, certificate, privateKey, tlsCrypt, controlAddresses },
          ...(options.nameServer === undefined ? {} : { dns: options.nameServer }),
        })
        if (lost !== undefined) throw new MystError('TunnelFailed', lost)
        device = tunnel.device
      } catch (error) {
        unsubscribe()
        signal.throwIfAborted()
        throw error
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
      if (signal.aborted) {
        await stop()
        signal.throwIfAborted()
      }
      return {}
    },
    fetchThrough: async (url, signal, size) => fetchThrough(url, addresses(), signal, size),
    askNameServer: async (server, name, signal) => askNameServer(server, name, addresses(), signal),
    shrinkPackets: () => privilege.tunnelMtu({ mtu: SMALL_MTU }),
    remoteAddresses: () => remoteAddresses,
    traffic,
    onLost(handle) {
      lostHandlers.add(handle)
      return () => void lostHandlers.delete(handle)
    },
    stop,
  }
}

/** Whether the certificate was made for our key by that authority. */
function isOurs(certificate: string, ca: string, privateKey: string): boolean {
  try {
    const parsed = new X509Certificate(certificate)
    return parsed.checkPrivateKey(createPrivateKey(privateKey)) && parsed.verify(new X509Certificate(ca).publicKey)
  } catch {
    return false
  }
}
