import { chmodSync, rmSync } from 'node:fs'
import type { AddressInfo, ListenOptions, Server } from 'node:net'
import { MystError } from '#shared/errors/myst-error.ts'

/** An IP address of this computer and a port (0: any free one), or a Unix socket that only this user can open. */
export type Listen = { host: string; port: number } | { path: string }

export const isLoopback = (host: string) => host === '127.0.0.1' || host === '::1'

/** Resolves with the port (0 for a Unix socket). Rejects with `PortInUse` or `AddressUnusable`. */
export async function startListening(server: Server, listen: Listen): Promise<number> {
  if ('path' in listen) rmSync(listen.path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(inWords(cause, listen)))
    server.listen(listen satisfies ListenOptions, resolve)
  })
  if ('path' in listen) chmodSync(listen.path, 0o600)
  return 'path' in listen ? 0 : (server.address() as AddressInfo).port
}

function inWords(cause: NodeJS.ErrnoException, listen: Listen): Error {
  if ('path' in listen) return cause
  const { host, port } = listen
  const refused = (message: string) => new MystError('AddressUnusable', message, { details: { host, port }, cause })
  switch (cause.code) {
    case 'EADDRINUSE':
      return new MystError('PortInUse', `Port ${port} is in use by another program; choose another one.`, {
        details: { port },
      })
    case 'EADDRNOTAVAIL':
      return refused(`This computer has no address ${host}; choose one that it has.`)
    case 'EACCES':
      return refused(`Port ${port} is not open to this user's programs; choose one from 1024 on.`)
    default:
      return cause
  }
}
