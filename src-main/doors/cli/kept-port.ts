import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writePrivateFile } from '../../node/lib/private-file.ts'
import type { HttpDoor } from '../http.ts'

/**
 * Opens the page's door at the port that it had the last time on this home, so that a page that is still open finds its
 * node again; at any free one when that port is not to be had, which `before` then tells. What lets a page in is not
 * kept: each start has its own.
 */
export async function openAtKeptPort(
  home: string,
  open: (port: number) => Promise<HttpDoor>,
): Promise<{ door: HttpDoor; before?: number }> {
  const file = join(home, 'page-port')
  const before = read(file)
  const kept = before === undefined ? undefined : await open(before).catch(() => undefined)
  const door = kept ?? (await open(0))
  const { port } = new URL(door.address)
  if (port !== String(before)) await writePrivateFile(file, `${port}\n`)
  return { door, ...(!kept && before !== undefined && { before }) }
}

/** Undefined when there is none, or none that a program of this user may have. */
function read(file: string): number | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  const port = /^\d{4,5}$/.test(text.trim()) ? Number(text) : 0
  return port >= 1_024 && port <= 65_535 ? port : undefined
}
