import type { NetworkSet, ServerStart, TunnelStart } from '../ports/privilege.ts'
import { createAuthority, createRequest, issueClient, issueServer } from '../services/openvpn/certificates.ts'
import { decodePem, encodeStaticKey } from '../services/openvpn/pem.ts'

export const BLOCKED: NetworkSet = { state: 'blocked', allowLocalNetwork: false, controlEndpoints: [] }
export const OPEN: NetworkSet = { ...BLOCKED, state: 'open' }

/** What both ends of one tunnel ask their helpers for; the provider admits `commonName`. */
export async function createTunnelRequests(
  address: string,
  commonName: string,
): Promise<{ serverStart: ServerStart; tunnelStart: TunnelStart }> {
  const authority = await createAuthority(Date.now())
  const { request, privateKey } = await createRequest()
  const der = decodePem(request, 'CERTIFICATE REQUEST')
  if (!der) throw new Error('not a request')
  const certificate = await issueClient(authority, der, commonName, Date.now())
  if (certificate === undefined) throw new Error('no certificate')
  const common = { ca: authority.certificate, tlsCrypt: encodeStaticKey(Buffer.alloc(256, 7)) }
  const limits = { maxSessions: 3, maxConnections: 1_000, newConnectionsPerSecond: 1_000, allowMail: false }
  const own = await issueServer(authority, Date.now())
  return {
    serverStart: { ...common, ...own, ...limits, port: 1194, protocol: 'udp' },
    tunnelStart: {
      ...{ ...common, certificate, privateKey, controlAddresses: [] },
      remotes: [{ address, port: 1194, protocol: 'udp' }],
    },
  }
}
