import { accessSync, constants, lstatSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { MystError } from '#shared/errors/myst-error.ts'
import { readHello } from './hello.ts'

/** Where `resources/linux/myst-helper.socket` listens. */
const HELPER_SERVICE = '/run/myst-helper.sock'

/** It prepares (takes back what a killed one left) before it speaks. */
const HELLO_MS = 15_000

/**
 * Whether the helper is installed as a service here and this user may use it. Who listens at a place that only
 * root can change was put there by root; the service in turn learns from the kernel who connects.
 */
export function mayUseService(path = HELPER_SERVICE): boolean {
  try {
    const [socket, directory] = [lstatSync(path), lstatSync(dirname(path))]
    const isRoots = socket.isSocket() && socket.uid === 0 && directory.uid === 0 && (directory.mode & 0o022) === 0
    accessSync(path, constants.W_OK)
    return isRoots
  } catch {
    return false
  }
}

/**
 * The connection to a helper of the service's, or undefined when nobody listens there. Rejects with what the
 * helper refuses with, and with `HelperGone`.
 */
export async function connectService(path = HELPER_SERVICE): Promise<Socket | undefined> {
  if (!mayUseService(path)) return undefined
  const socket = await new Promise<Socket | undefined>((resolve) => {
    const connection = connect(path, () => resolve(connection))
    connection.on('error', () => resolve(undefined)) // later ones come with its close
  })
  if (!socket) return undefined
  const timer = setTimeout(() => socket.destroy(), HELLO_MS)
  const shown = await readHello(socket)
  clearTimeout(timer)
  if (shown?.hello === 'service' && !shown.error) return socket
  socket.destroy()
  const { name, message } = shown?.error ?? {
    name: 'HelperGone',
    message: 'The helper service did not answer; its log: journalctl -u "myst-helper@*"',
  }
  throw new MystError(name, message)
}
