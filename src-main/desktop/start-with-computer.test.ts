import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LoginItemSettings } from 'electron'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startWithComputer } from './start-with-computer.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'myst-autostart-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const noApp = {
  getLoginItemSettings: () => {
    throw new Error('Linux has no such list.')
  },
  setLoginItemSettings: () => {
    throw new Error('Linux has no such list.')
  },
}
const onLinux = (program = '/opt/Mysterium/mysterium', args: string[] = []) =>
  startWithComputer({ app: noApp, platform: 'linux', program, args, configHome: dir })
const file = () => join(dir, 'autostart', 'mysterium.desktop')

describe('on Linux', () => {
  test('is a file in the autostart folder, made and taken away', async () => {
    const start = onLinux()
    expect(start.isOn()).toBe(false)
    await start.set(true)
    expect(start.isOn()).toBe(true)
    expect(readFileSync(file(), 'utf8')).toContain('Exec="/opt/Mysterium/mysterium" "--hidden"\n')
    await start.set(false)
    expect([start.isOn(), existsSync(file())]).toEqual([false, false])
    await start.set(false)
  })

  test.each(['Hidden=true', 'X-GNOME-Autostart-enabled=false'])('is off when the desktop wrote %s', async (line) => {
    await onLinux().set(true)
    writeFileSync(file(), `${readFileSync(file(), 'utf8').replace(/X-GNOME.*\n/, '')}${line}\n`)
    expect(onLinux().isOn()).toBe(false)
  })

  test('starts exactly the program and arguments, whatever their names, and nothing else', async () => {
    const program = join(dir, 'my $(touch x) `touch y` "100%" \\n &app;')
    writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$0" "$@" > "${join(dir, 'ran')}"\n`)
    chmodSync(program, 0o755)
    await onLinux(program, ['--home=/tmp/a b']).set(true)
    // Read as the specification says: the string's escapes, then the quotes', then percent signs; and run.
    const exec = /^Exec=(.*)$/m.exec(readFileSync(file(), 'utf8'))?.[1] ?? ''
    const words = [...exec.replaceAll('\\\\', '\\').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) =>
      word.replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%'),
    )
    expect(words).toEqual([program, '--home=/tmp/a b', '--hidden'])
    execFileSync(words[0] ?? '', words.slice(1))
    expect(readFileSync(join(dir, 'ran'), 'utf8').split('\n').slice(1, 3)).toEqual(['--home=/tmp/a b', '--hidden'])
  })

  test('refuses a name that would begin another line', async () => {
    await expect(onLinux('/opt/x\nExec=evil').set(true)).rejects.toThrow('line end')
    expect(existsSync(file())).toBe(false)
  })
})

test.each(['darwin', 'win32'] as const)(
  'on %s it is an entry of the system, with the same arguments',
  async (platform) => {
    let kept: Electron.Settings = {}
    const app = {
      setLoginItemSettings: (settings: Electron.Settings) => {
        kept = settings
      },
      getLoginItemSettings: (asked?: Electron.LoginItemSettingsOptions) =>
        ({ openAtLogin: kept.openAtLogin === true && String(asked?.args) === String(kept.args) }) as LoginItemSettings,
    }
    const start = startWithComputer({ app, platform, program: 'x', args: ['--home=h'], configHome: dir })
    expect(start.isOn()).toBe(false)
    await start.set(true)
    expect([start.isOn(), kept.args]).toEqual([true, ['--home=h', '--hidden']])
    await start.set(false)
    expect(start.isOn()).toBe(false)
  },
)
