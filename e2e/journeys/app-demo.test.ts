import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium } from '../lab/browser.ts'
import { type LineProcess, readLines } from '../lab/line-process.ts'
import { type OpenedApp, openApp } from '../pages/open-app.ts'

const MYST = fileURLToPath(new URL('../../scripts/myst.mjs', import.meta.url))

/** What a newcomer does first: `npm start`, open the address, two clicks. */
describe.skipIf(findChromium() === undefined)('what npm start opens [needs chromium]', () => {
  let dir: string
  let demo: LineProcess
  let me: OpenedApp

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'mystd-'))
    // Everything it makes goes in here, so that what it leaves behind can be seen.
    const made = join(dir, 'tmp')
    mkdirSync(made)
    const child = spawn(process.execPath, [MYST, '--json', 'demo'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: made },
    })
    demo = readLines(child, 'myst demo', join(dir, 'demo.log'))
    const { address } = await demo.until('the address', (line) => line.event === 'app', 90_000)
    me = await openApp(String(address))
  })
  afterAll(async () => {
    await me?.close()
    await demo?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  it('is two clicks from connected', async () => {
    const { connect } = me.app
    await connect.quickConnect.click()
    await connect.confirm()
    await connect.state('Connected').waitFor()
    expect(me.problems()).toEqual([])
  })

  it('ends with Ctrl-C and leaves nothing behind', async () => {
    expect((await demo.stop()).code).toBe(0)
    expect(readdirSync(join(dir, 'tmp'))).toEqual([])
    const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : []
    expect(namespaces.filter((name) => name.startsWith(`mystdemo-${demo.pid}-`))).toEqual([])
  })
})
