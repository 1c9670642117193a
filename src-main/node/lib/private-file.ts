import { chmod, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

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
