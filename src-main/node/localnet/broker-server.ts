import { createServer, type Server, type Socket } from 'node:net'
import { MystError } from '#shared/errors/myst-error.ts'
import { audienceOf } from '../messaging/broker-login.ts'

/** Listens, or says in one sentence why it cannot: `PortInUse`, `BrokerCannotListen`. */
export async function listen(
  host: string,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<{ server: Server; port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setNoDelay(true)
    onConnection(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new MystError('PortInUse', `Port ${port} is in use by another program; stop it or choose another port.`, {
              details: { port },
              cause: error,
            })
          : new MystError('BrokerCannotListen', `The broker cannot listen on ${host}:${port}.`, { cause: error }),
      )
    })
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
  const bound = server.address()
  return {
    server,
    port: typeof bound === 'object' && bound ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

export function urlOf(host: string, port: number): string {
  return `mqtt://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The names under which a broker takes proofs: its own address, loopback, and what its operator adds. */
export function audiencesOf(host: string, port: number, publicUrls: readonly string[]): (audience: string) => boolean {
  const known = new Set([host, '127.0.0.1', 'localhost', '::1'].map((name) => audienceOf(urlOf(name, port))))
  for (const url of publicUrls) known.add(audienceOf(url))
  return (audience) => known.has(audience)
}
