import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, it } from 'vitest'

const require = createRequire(import.meta.url)

/** Electron mends the newest three major versions. */
const MENDED = 3

it('is a version of Electron that is still mended, as far as the packages that are installed know', () => {
  const { version } = JSON.parse(readFileSync(require.resolve('electron/package.json'), 'utf8')) as { version: string }
  // Which Electron brings which Chromium, kept by the people behind browserslist; comes anew with other packages.
  const known = Object.keys(require('electron-to-chromium/full-versions') as Record<string, string>)
  const stable = known.filter((one) => /^\d+\.\d+\.\d+$/.test(one)).map(major)
  expect(stable.length).toBeGreaterThan(500)
  expect(major(version)).toBeGreaterThan(Math.max(...stable) - MENDED)
})

const major = (version: string) => Number(version.split('.')[0])
