#!/usr/bin/env node
// Forge itself instead of npm's launcher, which ends well even when forge failed. `node scripts/forge.mjs test`
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch]
const name = `@foundry-rs/forge-${process.platform}-${architecture}/package.json`
const folder = join(dirname(createRequire(import.meta.url).resolve(name)), 'bin')
const program = join(folder, process.platform === 'win32' ? 'forge.exe' : 'forge')
const { status } = spawnSync(program, process.argv.slice(2), { stdio: 'inherit' })
process.exit(status ?? 1)
