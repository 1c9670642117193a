import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { acquireHome } from './home.ts'

const dirs: string[] = []
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true })
})
function home(): string {
  const dir = mkdtempSync(join(tmpdir(), 'myst-home-'))
  dirs.push(dir)
  return join(dir, 'home')
}

describe('a home', () => {
  it('is its user’s alone and belongs to one holder at a time', async () => {
    const path = home()
    const release = await acquireHome(path, 0)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(await acquireHome(path, 0)).toBeUndefined()
    release?.()
    const again = await acquireHome(path, 0)
    expect(again).toBeDefined()
    again?.()
  })

  it('is free again when its holder was killed', async () => {
    const path = home()
    const source = `const { acquireHome } = await import(${JSON.stringify(new URL('./home.ts', import.meta.url).href)})
      await acquireHome(${JSON.stringify(path)}, 0); process.stdout.write('held'); setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      source,
    ])
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    expect(await acquireHome(path, 0)).toBeUndefined()
    const gone = new Promise((resolve) => holder.once('exit', resolve))
    holder.kill('SIGKILL')
    await gone
    const release = await acquireHome(path, 0)
    expect(release).toBeDefined()
    release?.()
  })
})
