import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs'
import { connect, Socket } from 'node:net'
import { join } from 'node:path'

import { Failure } from './failure.ts'

/**
 * Whom this helper works for, and how the two know one another. Which user that is comes from root alone
 * (the arguments), never from a frame.
 *
 * Behind a password prompt (`--socket DIRECTORY --user UID`): Node gives no peer credentials of a Unix socket, so the
 * socket itself must be out of others' reach: the *caller* listens, in a directory of its own that nobody else
 * can enter (0700, checked here together with its owner), and the helper connects. So the helper offers no
 * door of its own that a stranger could knock at, and changes no file in a directory that a user
 * controls. In the other direction, the first line carries a secret that the caller put into a 0600 file
 * beside the socket: what connects was started for this very caller. The secret is not in the arguments,
 * which every user of the machine can read; and stdin is not available behind a password prompt.
 *
 * As a service (`--service INSTANCE`): systemd listens at a place that only root can change and only members of
 * a group can connect to, and starts one helper for each connection, as its stdin. The instance's name ends
 * with the user's number, which the kernel told systemd ("0-4711-1000" in version 252; later ones put more in front of
 * it, "0-12-4711_34-1000"; and "0-unknown" is one that is not known here).
 */
export type Caller = {
  user: number
  /** What the first line says. */
  hello: string
  /** To be called once. */
  connect(): Socket
}

const UID = /^\d{1,10}$/
const INSTANCE = /^\d+(?:-\d+)?-\d+(?:_\d+)?-(\d{1,10})$/

export function readCaller(args: readonly string[]): Caller {
  const [way, place = '', option, uid = ''] = args
  if (way === '--service' && args.length === 2) return fromService(place)
  if (way === '--socket' && option === '--user' && args.length === 4 && place !== '' && UID.test(uid)) {
    const user = Number(uid)
    return { user, hello: readSecret(place, user), connect: () => connect(join(place, 'socket')) }
  }
  throw new Failure('BadRequest', 'Usage: main.ts --socket DIRECTORY --user UID | --service INSTANCE | --reset-network')
}

function fromService(instance: string): Caller {
  const uid = INSTANCE.exec(instance)?.[1]
  if (uid === undefined) throw new Failure('NotPermitted', 'The service manager does not say whose connection this is.')
  if (!fstatSync(0).isSocket()) throw new Failure('BadRequest', 'As a service the helper is given a connection.')
  return { user: Number(uid), hello: 'service', connect: () => new Socket({ fd: 0, readable: true, writable: true }) }
}

/** Of the file that was opened, whatever its user puts in its place meanwhile: so nobody's secrets but that user's are read. */
function readSecret(directory: string, user: number): string {
  const { uid, mode } = lstatSync(directory)
  if (!lstatSync(directory).isDirectory() || uid !== user || (mode & 0o077) !== 0) throw notAlone()
  const file = openSync(join(directory, 'secret'), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(file)
    if (!stat.isFile() || stat.uid !== user || (stat.mode & 0o077) !== 0) throw notAlone()
    const secret = stat.size === 64 ? readFileSync(file, 'utf8') : ''
    if (!/^[0-9a-f]{64}$/.test(secret)) throw new Failure('NotPermitted', 'The secret is not what it has to be.')
    return secret
  } finally {
    closeSync(file)
  }
}

function notAlone(): Failure {
  return new Failure('NotPermitted', 'The directory of the socket does not belong to its user alone.')
}
