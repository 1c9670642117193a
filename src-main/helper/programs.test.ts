import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SYSTEM_LISTS } from './checksums.ts'
import { anyPrograms, createPrograms } from './programs.ts'

const SOMEBODY = 1234

describe.skipIf(process.getuid?.() !== 0)('which programs are run elevated [needs root]', () => {
  let root: string
  const at = (...parts: string[]) => join(root, ...parts)
  const md5 = (file: string) => createHash('md5').update(readFileSync(file)).digest('hex')
  const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')
  /** As a helper that has just started. */
  const programs = () =>
    createPrograms(at('bundled'), [at('sbin'), at('bin')], { packages: at('dpkg'), pins: at('state/pins') })
  const find = (name: 'nft' | 'openvpn' = 'nft') => programs()(name)

  function program(...place: string[]): string {
    mkdirSync(at(...place.slice(0, -1)), { recursive: true })
    writeFileSync(at(...place), `#!/bin/true ${place.join(' ')}\n`, { mode: 0o755 })
    return at(...place)
  }
  const vouch = (file: string, sum = md5(file)) =>
    writeFileSync(
      at('dpkg/nftables.md5sums'),
      `${sum}  ${file.slice(1)}\n0123456789abcdef0123456789abcdef  etc/other\n`,
    )

  beforeEach(() => {
    // Not below /tmp, which everybody can write to: nothing in there is root's alone.
    root = mkdtempSync('/run/myst-programs-')
    chmodSync(root, 0o755)
    for (const name of ['bundled', 'sbin', 'bin', 'dpkg']) mkdirSync(at(name))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  it("takes the system's own, which their packages vouch for", () => {
    const real = createPrograms('/nowhere', undefined, { ...SYSTEM_LISTS, pins: at('state/pins') })
    for (const name of ['nft', 'ip', 'tc', 'openvpn'] as const)
      expect(real(name)).toMatch(new RegExp(`^/usr/s?bin/${name}$`))
  })

  it('refuses one that is not what its package installed, and takes it again when it is', () => {
    const file = program('sbin', 'nft')
    vouch(file)
    const running = programs()
    expect(running('nft')).toBe(file)
    cpSync(file, at('kept'), { preserveTimestamps: true })
    appendFileSync(file, '# more\n')
    for (const known of [running, programs()]) {
      expect(() => known('nft')).toThrow(expect.objectContaining({ name: 'ProgramChanged' }))
      expect(() => known('nft')).toThrow(
        `The program ${file} is not what its package installed; put that back with: apt install --reinstall nftables`,
      )
    }
    // Restoring the internet must not fail over it. (The real system's: that one takes no other places.)
    expect(anyPrograms('/nowhere')('nft')).toBe('/usr/sbin/nft')
    renameSync(at('kept'), file)
    expect(running('nft')).toBe(file)
    // An update changes both.
    appendFileSync(file, '# newer\n')
    vouch(file)
    expect(running('nft')).toBe(file)
  })

  it('is not taken in by an old size and time', () => {
    const file = program('sbin', 'nft')
    vouch(file)
    const running = programs()
    running('nft')
    const { atime, mtime, size } = statSync(file)
    writeFileSync(file, 'x'.repeat(size))
    utimesSync(file, atime, mtime)
    expect(() => running('nft')).toThrow('is not what its package installed')
  })

  it('keeps the checksum of what no package knows at its first use', () => {
    const file = program('sbin', 'nft')
    const other = program('sbin', 'openvpn')
    expect([find(), find('openvpn')]).toEqual([file, other])
    expect(readFileSync(at('state/pins'), 'utf8')).toBe(`${sha256(file)}  ${file}\n${sha256(other)}  ${other}\n`)
    expect(statSync(at('state')).mode & 0o777).toBe(0o755)
    expect(statSync(at('state/pins')).mode & 0o777).toBe(0o644)
    expect(find()).toBe(file)
    appendFileSync(file, '# more\n')
    expect(() => find()).toThrow(
      `is not what it was at its first use. If you updated it, accept that with: sudo rm ${at('state/pins')}`,
    )
    expect(find('openvpn')).toBe(other)
    rmSync(at('state/pins'))
    expect(find()).toBe(file)
    // A list that somebody else could write says nothing.
    chmodSync(at('state/pins'), 0o666)
    expect(() => find()).toThrow(expect.objectContaining({ name: 'NotPermitted' }))
  })

  it("takes the app's own before the system's, and only as packaged", () => {
    const own = program('bundled', 'nft')
    vouch(program('sbin', 'nft'))
    expect(() => find()).toThrow(`${own} is not what came with the app`)
    writeFileSync(at('bundled/SHA256SUMS'), `${sha256(own)}  nft\n`)
    expect(find()).toBe(own)
    appendFileSync(own, '# more\n')
    expect(() => find()).toThrow(expect.objectContaining({ name: 'ProgramChanged' }))
  })

  it('passes over what somebody else could change, in itself, in a directory above or behind a link', () => {
    const bad = program('sbin', 'nft')
    const good = program('bin', 'nft')
    expect(find()).toBe(bad) // as long as nothing is wrong with it
    for (const spoil of [
      () => chmodSync(bad, 0o775),
      () => chmodSync(bad, 0o757),
      () => chownSync(bad, SOMEBODY, 0),
      () => chmodSync(at('sbin'), 0o777),
      () => chownSync(at('sbin'), SOMEBODY, 0),
    ]) {
      spoil()
      expect(find()).toBe(good)
      chmodSync(at('sbin'), 0o755)
      chownSync(at('sbin'), 0, 0)
      chmodSync(bad, 0o755)
      chownSync(bad, 0, 0)
      expect(find()).toBe(bad)
    }
    const theirs = program('home', 'tools', 'nft')
    chownSync(at('home/tools'), SOMEBODY, SOMEBODY)
    rmSync(bad)
    symlinkSync(theirs, bad)
    expect(find()).toBe(good)
    // A link to root's own is followed once: what is run is what was looked at.
    rmSync(bad)
    symlinkSync(good, bad)
    expect(find()).toBe(good)
    rmSync(bad)
    rmSync(good)
    symlinkSync(theirs, bad)
    expect(() => find()).toThrow(
      'The program nft was not found where only root could change it; install it (Debian, Ubuntu: apt install nftables).',
    )
    expect(() => find('openvpn')).toThrow(expect.objectContaining({ name: 'OpenVpnMissing' }))
  })
})
