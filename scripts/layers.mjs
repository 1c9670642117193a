// Who may import whom, checked. `node scripts/layers.mjs [directory]`
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

// What every part of the node may use.
const BASE = ['src-shared', 'src-main/node/ports', 'src-main/node/lib']
const node = (...parts) => [...BASE, ...parts.map((part) => `src-main/node/${part}`)]
// What the shells and doors see of the node: the node itself, the directory it lives in, the state it shows.
const FACE = ['create-node', 'home', 'restore-internet', 'state-tree'].map((file) => `src-main/node/${file}.ts`)

/**
 * A part (folder, file, or `*` for each folder of its own) and the parts it may import beside itself.
 * The longest match decides. Tests may import what they test with, so they are not looked at.
 */
export const ALLOWED = {
  'src-shared': [],
  'src-renderer/bridge': ['src-shared'],
  'src-renderer/store': ['src-shared', 'src-renderer/bridge'],
  'src-renderer/messages': ['src-shared'],
  'src-renderer/ui': ['src-shared', 'src-renderer/messages'],
  'src-renderer/features/*': ['src-shared', 'src-renderer/store', 'src-renderer/ui', 'src-renderer/messages'],
  'src-renderer': ['src-shared', 'src-renderer/*'],
  'src-main/index.ts': ['src-shared', 'src-main/desktop', 'src-main/doors', 'src-main/node/lib'],
  'src-main/desktop': ['src-shared', 'src-main/doors', 'src-main/node/lib', ...FACE],
  'src-main/preload': ['src-shared'],
  'src-main/helper': [],
  'src-main/doors': ['src-shared', 'src-main/node/lib', ...FACE],
  'src-main/doors/cli': ['src-shared', 'src-main/doors', 'src-main/node/lib', 'src-main/node/localnet', ...FACE],
  // Files directly in node are the composition root: create-node.ts and what it is written in, one file for
  // each thing that several parts do together (agent, market, sharing, wallet). They alone may take any part.
  'src-main/node': node('*'),
  'src-main/node/create-node.ts': ['src-main/node', ...node('*')],
  'src-main/node/home.ts': [],
  'src-main/node/restore-internet.ts': node('network', 'settings-file.ts'),
  'src-main/node/settings-file.ts': BASE,
  'src-main/node/state-tree.ts': ['src-shared'],
  'src-main/node/ports': ['src-shared'],
  'src-main/node/lib': ['src-shared', 'src-main/node/ports'],
  'src-main/node/protocol': node(),
  'src-main/node/storage': node(),
  'src-main/node/identity': node(),
  'src-main/node/chain': node('storage'),
  'src-main/node/registry': node('storage'),
  'src-main/node/discovery': node('protocol', 'storage'),
  'src-main/node/network': node(),
  // Files directly in services are what all of them share.
  'src-main/node/services': node('protocol'),
  'src-main/node/services/*': node('protocol', 'services'),
  'src-main/node/messaging': node('protocol'),
  'src-main/node/dialogue': node('messaging', 'protocol'),
  'src-main/node/payments': node('dialogue', 'protocol', 'storage'),
  'src-main/node/wallet': node('storage'),
  'src-main/node/session': node('payments', 'dialogue', 'protocol', 'storage'),
  'src-main/node/programs': node('session', 'payments', 'dialogue', 'protocol', 'storage'),
  // A whole network on one machine: it builds parts that nodes only talk to, and starts nodes as programs.
  'src-main/node/localnet': node('chain', 'messaging', 'network', 'protocol', 'registry', 'storage'),
  e2e: ['src-shared', 'src-main/*', 'src-renderer/messages'],
}

/** Packages and built-ins that stay in one place. */
const ELECTRON = [
  'src-main/index.ts',
  'src-main/desktop/',
  'src-main/preload/',
  'src-main/doors/ipc.ts',
  'e2e/desktop/',
]
const BROWSER = ['src-shared/', 'src-renderer/']
const LEAST_FILES = 150

const IMPORT = /(?:^|[\n;])\s*(?:import|export)\s[^'"]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g

const isUnder = (path, part) => path === part || path.startsWith(`${part}/`)
const isTest = (path) => /\.test\.tsx?$/.test(path) || path.startsWith('src-main/node/testing/')

/** The part a file belongs to, with `*` filled in. */
export function partOf(path, table = ALLOWED) {
  let found
  for (const key of Object.keys(table)) {
    const folder = key.endsWith('/*') ? path.split('/').slice(0, key.split('/').length).join('/') : key
    if (key.endsWith('/*') && (!isUnder(path, key.slice(0, -2)) || path === folder)) continue
    if (isUnder(path, folder) && key.length > (found?.key.length ?? 0)) found = { key, folder }
  }
  return found
}

function mayImport(from, target, allowed) {
  const to = partOf(target)
  if (to === undefined) return false
  if (to.folder === from.folder) return true
  return allowed.some((part) => part === to.folder || (part.endsWith('/*') && isUnder(to.folder, part.slice(0, -2))))
}

/** Every broken rule as one line; throws nothing. */
export function findViolations(root, leastFiles = LEAST_FILES) {
  const violations = []
  const files = ['src-shared', 'src-main', 'src-renderer', 'e2e'].flatMap((folder) => sources(root, folder))
  const checked = files.filter((path) => !isTest(path))
  const seen = new Set()
  const imports = new Map()
  for (const path of checked) {
    const targets = []
    imports.set(path, targets)
    const from = partOf(path)
    if (from === undefined) {
      violations.push(`${path}: belongs to no part; add its folder to scripts/layers.mjs`)
      continue
    }
    seen.add(from.key)
    for (const [, named, bare] of readFileSync(join(root, path), 'utf8').matchAll(IMPORT)) {
      const target = targetOf(path, named ?? bare)
      if (target !== undefined) targets.push(target)
      const problem = judge(path, from, named ?? bare, target)
      if (problem) violations.push(`${path}: ${problem}`)
    }
  }
  violations.push(...circlesOf(imports))
  if (checked.length < leastFiles) violations.push(`saw only ${checked.length} files: is this the right place?`)
  for (const key of Object.keys(ALLOWED)) if (!seen.has(key)) violations.push(`saw no file of ${key}: was it moved?`)
  return { violations, files: checked.length }
}

/** The file of ours that an import names, from the root. */
function targetOf(path, specifier) {
  if (specifier.startsWith('#shared/')) return specifier.replace('#shared/', 'src-shared/')
  if (specifier.startsWith('.')) return join(dirname(path), specifier).split(sep).join('/')
  return undefined
}

/** A line for each circle of files that import each other, types too: none of them can be understood alone. */
function circlesOf(imports) {
  const circles = []
  const done = new Set()
  const walk = (path, trail) => {
    if (trail.includes(path)) {
      circles.push(`${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}: a circle`)
      return
    }
    if (done.has(path)) return
    for (const target of imports.get(path) ?? []) walk(target, [...trail, path])
    done.add(path)
  }
  for (const path of imports.keys()) walk(path, [])
  return circles
}

function judge(path, from, specifier, target) {
  if (target === undefined) {
    if (specifier === 'electron' && !ELECTRON.some((place) => path.startsWith(place))) return 'must not import electron'
    if (
      specifier.startsWith('node:') &&
      BROWSER.some((place) => path.startsWith(place)) &&
      path !== 'src-renderer/vite.config.ts'
    )
      return `runs in the browser and must not import ${specifier}`
    if (!specifier.startsWith('node:') && from.key === 'src-main/helper')
      return `runs elevated and must not import ${specifier}`
    return undefined
  }
  if (!/\.tsx?$/.test(target)) return undefined // styles, pictures, data
  // What is measured end to end is set up with the parts that tests are set up with; nothing of e2e is shipped.
  if (isTest(target) && from.key !== 'e2e') return `imports ${target}, which is for tests only`
  if (mayImport(from, target, ALLOWED[from.key])) return undefined
  return `must not import ${target}`
}

function sources(root, folder) {
  let entries = []
  try {
    entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
  } catch {
    return [] // reported as a part of which no file was seen
  }
  return entries
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) =>
      relative(root, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { violations, files } = findViolations(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))))
  for (const violation of violations) console.error(violation)
  console.log(`${files} files looked at, ${violations.length} imports against the layers`)
  process.exit(violations.length > 0 ? 1 : 0)
}
