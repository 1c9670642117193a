import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

import { Failure } from './failure.ts'
import { isRootOnly } from './root-only.ts'

/**
 * What programs have to look like. Three lists, all in the form of `sha256sum` ("<sum>  <name>"), all root's:
 *
 *  - of the app's own programs: `SHA256SUMS` beside them, made when the app is packaged;
 *  - of a Debian package's: what dpkg notes of the files it installs, so that an update of the system is
 *    known at once and without being asked about;
 *  - of all others: their sums at their first use, which we keep.
 */
export type ChecksumLists = { packages: string; pins: string }

export const SYSTEM_LISTS: ChecksumLists = {
  packages: '/var/lib/dpkg/info',
  pins: '/var/lib/mysterium/programs.sha256',
}

/** `file` has its links resolved. */
type Program = { file: string } & ({ bundled: string; listed: string } | { debian: string })

/** A function that throws `ProgramChanged` for what is not as listed. A file is read once for as long as it stays the same. */
export function createChecksums({ packages, pins }: ChecksumLists): (program: Program) => void {
  const known = new Set<string>()

  const check = (program: Program) => {
    const { file } = program
    if ('bundled' in program) {
      const sums = readSums(join(program.bundled, 'SHA256SUMS')).get(program.listed) ?? []
      if (!sums.includes(sumOf(file, 'sha256')))
        throw changed(`${file} is not what came with the app; install it anew.`)
      return
    }
    const installed = readSums(join(packages, `${program.debian}.md5sums`))
    // dpkg's names have no slash in front, and lack "usr" where /bin became a link to /usr/bin.
    const sums = [file.slice(1), file.replace(/^\/usr\//, '')].flatMap((name) => installed.get(name) ?? [])
    if (sums.length > 0) {
      if (sums.includes(sumOf(file, 'md5'))) return
      const command = `apt install --reinstall ${program.debian}`
      throw changed(`${file} is not what its package installed; put that back with: ${command}`)
    }
    const sum = sumOf(file, 'sha256')
    const pinned = readSums(pins).get(file)
    if (pinned === undefined) return addPin(pins, file, sum)
    if (pinned.includes(sum)) return
    throw changed(`${file} is not what it was at its first use. If you updated it, accept that with: sudo rm ${pins}`)
  }

  return (program) => {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(program.file, { bigint: true })
    const now = [program.file, dev, ino, size, mtimeNs, ctimeNs].join(' ')
    if (known.has(now)) return
    check(program)
    known.add(now)
  }
}

function changed(what: string): Failure {
  return new Failure('ProgramChanged', `The program ${what}`)
}

function sumOf(file: string, algorithm: 'sha256' | 'md5'): string {
  return createHash(algorithm).update(readFileSync(file)).digest('hex')
}

/** Sums by name. Empty when the list is not there; one that others can write is none. */
function readSums(list: string): Map<string, string[]> {
  const sums = new Map<string, string[]>()
  if (!existsSync(list)) return sums
  if (!isRootOnly(realpathSync(list)))
    throw new Failure('NotPermitted', `The file ${list} does not belong to root alone.`)
  for (const line of readFileSync(list, 'utf8').split('\n')) {
    const [, sum, name] = /^([0-9a-f]{32}|[0-9a-f]{64}) [ *](.+)$/.exec(line) ?? []
    if (sum !== undefined && name !== undefined) sums.set(name, [...(sums.get(name) ?? []), sum])
  }
  return sums
}

function addPin(pins: string, file: string, sum: string): void {
  const directory = dirname(pins)
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  chmodSync(directory, 0o755)
  const before = existsSync(pins) ? readFileSync(pins, 'utf8') : ''
  writeFileSync(`${pins}.new`, `${before}${sum}  ${file}\n`)
  chmodSync(`${pins}.new`, 0o644)
  renameSync(`${pins}.new`, pins)
}
