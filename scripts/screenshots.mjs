// Pictures of the real app in the lab, into docs/screenshots: node scripts/screenshots.mjs
// Needs root, OpenVPN and Chromium. Plain Node >= 20 without dependencies; the rest runs in the Node 24 of node_modules.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
if (process.argv[2] === 'take') {
  const { takeScreenshots } = await import('../e2e/screenshots.ts')
  await takeScreenshots()
} else {
  const node = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1
  process.exitCode = node(join(root, 'scripts/setup.mjs'), '--mode', 'build')
  const take = ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), 'take']
  if (process.exitCode === 0) {
    process.exitCode =
      spawnSync(join(root, 'node_modules/.bin/node'), take, { cwd: root, stdio: 'inherit' }).status ?? 1
  }
}
