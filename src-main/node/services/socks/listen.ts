import type { AddressInfo, Server, Socket } from 'node:net'
import { MystError } from '#shared/errors/myst-error.ts'

/**
 * Starts a listener. Rejects with `PortInUse` or `PortNotAllowed` (details.port), or what else the
 * system said. `close` ends every connection with it,
 * in the way that `end` says.
 */
export function listen(
  server: Server,
  where: { host?: string; port?: number },
  what: string,
  end = (socket: Socket): unknown => socket.destroy(),
): Promise<{ port: number; close(): Promise<void> }> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return new Promise((resolve, reject) => {
    const port = where.port ?? 0
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, port, what)))
    server.listen({ ...where, port, exclusive: true }, () => {
      server.removeAllListeners('error')
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            for (const socket of open) end(socket)
          }),
      })
    })
  })
}

function explain(error: NodeJS.ErrnoException, port: number, what: string): Error {
  const options = { details: { port }, cause: error }
  if (error.code === 'EADDRINUSE') {
    return new MystError('PortInUse', `Another program uses port ${port}; choose another one for the ${what}.`, options)
  }
  if (error.code === 'EACCES') {
    return new MystError(
      'PortNotAllowed',
      `The system does not allow port ${port} for the ${what}; choose one above 1023.`,
      options,
    )
  }
  return error
}
