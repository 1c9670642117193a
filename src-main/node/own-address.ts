import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'

/**
 * The address of this machine on the way to `host`: what a provider puts into its session data. Nothing
 * is sent; the kernel only looks the route up. Behind a NAT this is the inner address.
 */
export async function ownAddressTowards(host: string): Promise<string> {
  const address = isIP(host) ? host : (await lookup(host)).address
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.connect(9, address, resolve)
    })
    return socket.address().address
  } finally {
    socket.close()
  }
}
