import { constants, type Stats } from 'node:fs'
import { chmod, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MystError } from '#shared/errors/myst-error.ts'

/** A directory that only its owner can enter. */
export async function ensurePrivateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
}

/**
 * Writes a file that only its owner can read (0600), whole or not at all: temporary file, fsync, rename,
 * fsync of the directory, so that it is there after a loss of power once this resolves.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${crypto.randomUUID()}.tmp`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text, 'utf8')
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

const UNFINISHED = /^\.[0-9a-f-]{36}\.tmp$/

/** Removes what writes left that were killed before their rename. Only while nobody writes there. */
export async function removeUnfinished(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const name of names) if (UNFINISHED.test(name)) await rm(join(directory, name), { force: true })
}

/**
 * Reads a file that holds a secret at rest, up to `limit` bytes. Throws `KeyFileUnsafe`, with the command
 * that repairs it, when the file is open to other users, belongs to one, or is a symbolic link: it is
 * looked at once it is open, so it cannot be another one by the time it is read.
 */
export async function readPrivateFile(path: string, limit: number): Promise<string> {
  // both do not exist on Windows, where the rights of the user's own folders are inherited
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  const file = await open(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ELOOP') throw unsafe(`${path} is a symbolic link; put the file itself there.`)
    if (error.code === 'EACCES') throw unsafe(`${path} cannot be read; run: chmod 600 ${quoted(path)}`)
    throw error
  })
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw unsafe(`${path} is not an ordinary file; put the file itself there.`)
    if (stats.size > limit) throw unsafe(`${path} is too large for what it should hold; put the right file there.`)
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

async function syncDirectory(directory: string) {
  // Windows has no such thing, and its file system journals the rename by itself
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
