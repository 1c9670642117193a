#!/usr/bin/env node
// The command `myst` in a checkout: runs src-main/doors/cli/main.ts with the Node 24 of node_modules.
// Plain Node >= 20 without dependencies.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const node = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')
if (!existsSync(node)) {
  console.error('myst is not set up yet. Run `npm start` (or `npm ci`) in its directory first.')
  process.exit(1)
}

const main = join(root, 'src-main/doors/cli/main.ts')
const args = ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)]
const env = { ...process.env, NODE_COMPILE_CACHE: join(root, 'out/compile-cache') }

if (process.platform !== 'win32' && typeof process.execve === 'function') {
  // Becomes the program: nothing stands between it and its signals, its terminal and its exit code.
  process.execve(node, [node, ...args], env)
}

const child = spawn(node, args, { env, stdio: 'inherit' })
const terminal = process.stdin.isTTY || process.stdout.isTTY
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // A terminal sends Ctrl-C to both: passing it on as well would look like pressing it twice.
  process.on(signal, () => (signal === 'SIGINT' && terminal ? undefined : child.kill(signal)))
}
child.on('error', (error) => {
  console.error(error.message)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)))
