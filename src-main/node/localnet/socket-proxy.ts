import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * A port on the machine's own loopback (`wanted`, or a free one) that leads to a Unix socket, so that a browser on the
 * machine reaches the door of a node inside of a namespace: a namespace does not hide Unix sockets.
 */
export async function openSocketProxy(
  socketPath: string,
  wanted = 0,
): Promise<{ port: number; close(): Promise<void> }> {
  const open = new Set<Socket>()
  const server = createServer((incoming) => {
    const outgoing = connect({ path: socketPath })
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port: wanted }, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
