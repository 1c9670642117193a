import { statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Whether nobody but root can change it, nor any directory above it. `path` has its links resolved. */
export function isRootOnly(path: string): boolean {
  const { uid, mode } = statSync(path)
  if (uid !== 0 || (mode & 0o022) !== 0) return false
  return path === '/' || isRootOnly(dirname(path))
}
