import { constants, type Stats } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { MystError } from '#shared/errors/myst-error.ts'

/**
 * Reads a file that holds a secret at rest, up to `limit` bytes. Throws `KeyFileUnsafe`, with the command
 * that repairs it, when the file is open to other users, belongs to one, or is a symbolic link: it is
 * opened once and looked at open, so it cannot be another one by the time it is read.
 */
export async function readRestingFile(path: string, limit: number): Promise<string> {
  // both do not exist on Windows, where the rights of the user's own folders are inherited
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  const file = await open(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ELOOP') throw unsafe(`${path} is a symbolic link; put the file itself there.`)
    if (error.code === 'EACCES') throw unsafe(`${path} cannot be read; run: chmod 600 ${quoted(path)}`)
    throw error
  })
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw unsafe(`${path} is not an ordinary file; put a key file there.`)
    if (stats.size > limit) throw new MystError('KeystoreForeign', `${path} is too large to be a keystore.`)
    assertPrivate(path, stats, '600')
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** The same for the folder: whoever can write to it could put another key in the place of ours. */
export async function assertPrivateDirectory(path: string): Promise<void> {
  const stats = await lstat(path)
  if (!stats.isDirectory()) throw unsafe(`${path} is not a folder of its own; put the folder itself there.`)
  assertPrivate(path, stats, '700')
}

function assertPrivate(path: string, { uid, mode }: Stats, wanted: '600' | '700'): void {
  const own = process.getuid?.()
  if (own === undefined) return
  if (uid !== own) {
    throw unsafe(`${path} belongs to another user; if it is yours, run: sudo chown ${own} ${quoted(path)}`)
  }
  if ((mode & 0o077) !== 0) {
    throw unsafe(`Other users of this computer can open ${path}; run: chmod ${wanted} ${quoted(path)}`)
  }
}

const unsafe = (message: string) => new MystError('KeyFileUnsafe', message)

/** As a shell takes it. */
const quoted = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)
