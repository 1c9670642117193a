// Pictures of every state of the app from the gallery's fixtures, into docs/screenshots/states, and of the real app in
// the lab, into docs/screenshots: npm run screenshots [-- states|lab]
// Needs Chromium; the lab needs root and OpenVPN, too. Plain Node >= 20 without dependencies; the rest runs in the Node
// 24 of node_modules.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [asked, take] = process.argv.slice(2)
if (take === 'take') {
  if (asked === 'states') await (await import('../e2e/gallery/pictures.ts')).takePictures()
  else await (await import('../e2e/screenshots.ts')).takeScreenshots()
} else {
  const run = (program, ...args) => spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status ?? 1
  process.exitCode = run(process.execPath, join(root, 'scripts/setup.mjs'), '--mode', 'build')
  for (const which of asked ? [asked] : ['states', 'lab']) {
    if (process.exitCode !== 0) break
    const options = ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), which, 'take']
    process.exitCode = run(join(root, 'node_modules/.bin/node'), ...options)
  }
}
