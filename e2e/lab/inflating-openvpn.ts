import { readFileSync } from 'node:fs'
import type { ServiceProvider, Traffic } from '../../src-main/node/ports/service-type.ts'
import * as real from '../../src-main/node/services/openvpn/openvpn.ts'

/**
 * Takes the place of the OpenVPN service in a provider that `cheating-myst.ts` starts: it carries what the real one
 * carries, and counts what the file named by MYST_LAB_INFLATE says, in percent of it. The file is read each time.
 */
export function createOpenVpn(deps: Parameters<typeof real.createOpenVpn>[0]): ReturnType<typeof real.createOpenVpn> {
  const openvpn = real.createOpenVpn(deps)
  return { ...openvpn, startProvider: async (options) => inflating(await openvpn.startProvider(options)) }
}

function inflating(service: ServiceProvider): ServiceProvider {
  const inflated = ({ bytesUp, bytesDown }: Traffic): Traffic => {
    const percent = BigInt(readFileSync(process.env.MYST_LAB_INFLATE ?? '', 'utf8'))
    return { bytesUp: (bytesUp * percent) / 100n, bytesDown: (bytesDown * percent) / 100n }
  }
  return {
    ...service,
    traffic: (sessionId) => inflated(service.traffic(sessionId)),
    end: async (sessionId) => inflated(await service.end(sessionId)),
  }
}
