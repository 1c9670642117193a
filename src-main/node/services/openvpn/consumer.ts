import { createPrivateKey, X509Certificate } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Privilege } from '../../ports/privilege.ts'
import type { ConsumerOptions, ServiceConsumer, Traffic } from '../../ports/service-type.ts'
import { createRequest } from './certificates.ts'
import { readDeviceTraffic } from './device-traffic.ts'
import { fetchThrough } from './fetch-through.ts'
import { providerData } from './session-data.ts'

/** More control addresses than this are not kept beside the tunnel (the helper's own limit). */
const MAX_CONTROL = 32

/** The consumer's half: one tunnel for one session, with a key pair made for it alone. */
export async function createOpenVpnConsumer(
  deps: { privilege: Privilege; log: Logger },
  options: ConsumerOptions,
): Promise<ServiceConsumer> {
  const { privilege, log } = deps
  // The one place where a person may be asked for a password; nothing was paid yet.
  const [{ request, privateKey }] = await Promise.all([createRequest(), privilege.ensure()])
  const lostHandlers = new Set<(message: string) => void>()
  let device: string | undefined
  let last: Traffic = { bytesUp: 0n, bytesDown: 0n }
  let unsubscribe: () => void = () => undefined

  const traffic = () => {
    last = (device === undefined ? undefined : readDeviceTraffic(device)) ?? last
    return last
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
      if (!isOurs(certificate, ca, privateKey)) {
        throw new MystError('ServiceDataInvalid', "The provider's certificates do not fit; try another provider.")
      }
      signal.throwIfAborted()
      const controlAddresses = await resolveAll(options.controlAddresses, log)
      signal.throwIfAborted()
      let lost: string | undefined
      unsubscribe = privilege.onEvent((event) => {
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
        const tunnel = await privilege.tunnelStart({ remotes, ca, certificate, privateKey, tlsCrypt, controlAddresses })
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
    async fetchThrough(url, signal) {
      const addresses = device === undefined ? undefined : networkInterfaces()[device]
      if (!addresses) throw new MystError('TunnelDown', 'The tunnel is not up.')
      const addressOf = (family: string) => addresses.find((entry) => entry.family === family)?.address
      return fetchThrough(url, { ipv4: addressOf('IPv4'), ipv6: addressOf('IPv6') }, signal)
    },
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

/** Chain and broker may be named by host name; the helper takes addresses only. */
async function resolveAll(hosts: readonly string[], log: Logger): Promise<string[]> {
  const found = await Promise.all(
    hosts.map(async (host) => {
      if (isIP(host)) return [host]
      try {
        return (await lookup(host, { all: true })).map(({ address }) => address)
      } catch {
        log.warn('a control address has no IP address at the moment')
        return []
      }
    }),
  )
  return [...new Set(found.flat())].slice(0, MAX_CONTROL)
}
