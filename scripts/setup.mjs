// Brings a fresh clone to where it can start or be tested, and is quick when there is nothing to do.
//   node scripts/setup.mjs --mode start|test|check|build
// Plain Node >= 20 without dependencies: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const inRoot = (...parts) => join(root, ...parts)
const node24 = inRoot('node_modules/.bin/node')

/** What tests and the demo use beyond npm's packages: file to look for, Debian package, what it is for. */
const PROGRAMS = [
  { name: 'openvpn', files: ['/usr/sbin/openvpn', '/usr/local/sbin/openvpn'], use: 'VPN tunnels' },
  {
    name: 'iproute2',
    files: ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'],
    use: 'several hosts on one machine',
  },
  { name: 'nftables', files: ['/usr/sbin/nft', '/sbin/nft'], use: 'sharing bandwidth over OpenVPN' },
  {
    name: 'mosquitto',
    files: ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto'],
    use: 'tests with a real broker',
    tests: true,
  },
  // With it come polkit and the system bus.
  { name: 'pkexec', files: ['/usr/bin/pkexec'], use: 'tests with the real password prompt', tests: true },
  { name: 'strace', files: ['/usr/bin/strace'], use: 'tests that watch which programs are started', tests: true },
  {
    name: 'python3',
    files: ['/usr/bin/python3'],
    use: 'tests that send raw packets and connect as another user',
    tests: true,
  },
  { name: 'curl', files: ['/usr/bin/curl'], use: 'tests of the local API and of proxies', tests: true },
  {
    name: 'systemd',
    files: ['/usr/bin/systemd-socket-activate'],
    use: 'tests of the helper as a service',
    tests: true,
  },
  { name: 'chromium', files: ['/usr/bin/chromium'], use: 'tests in a real browser', tests: true },
  {
    name: 'fonts-liberation',
    files: ['/usr/share/fonts/truetype/liberation'],
    use: 'text in that browser',
    tests: true,
  },
]

const mode = process.argv[process.argv.indexOf('--mode') + 1]
if (!['start', 'test', 'check', 'build'].includes(mode))
  fail('Usage: node scripts/setup.mjs --mode start|test|check|build')

packages()
link()
if (process.platform === 'linux' && (mode === 'start' || mode === 'test')) programs()
// npm test builds as a stage of its own, so that a broken build does not hide the other results.
if (mode === 'start' || mode === 'build') {
  renderer()
  if (electronStands()) shell()
}

/** Installs what package-lock.json says, unless that is what stands in node_modules already. */
function packages() {
  const stampFile = inRoot('node_modules/.setup-stamp')
  const lock = readFileSync(inRoot('package-lock.json'))
  const stamp = `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}`
  if (read(stampFile) === stamp && existsSync(node24)) return
  if (!installedAsLocked(JSON.parse(lock.toString()))) {
    step('installing packages (about a minute, longer on a slow line)')
    const environment = {
      ELECTRON_SKIP_BINARY_DOWNLOAD: '1',
      // Not through node_modules/.bin: that directory is removed and made again.
      PATH: (process.env.PATH ?? '')
        .split(delimiter)
        .filter((dir) => !dir.endsWith('.bin'))
        .join(delimiter),
    }
    const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error']
    // npm ci also refuses a lock file that lacks an optional package for another platform, and a registry
    // need not carry all of those; what the lock file names is then installed at the versions it names.
    const check = run('npm', ['ci', '--dry-run', ...quiet], environment, 'ignore')
    const npm = run('npm', check === 0 ? ['ci', ...quiet] : ['install', '--no-save', ...quiet], environment)
    if (npm !== 0) fail('npm could not install the packages; its message is above. Is the package registry reachable?')
  }
  const version = spawnSync(node24, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? ''
  if (!version.startsWith('v24.')) {
    fail(
      `Node 24 should stand in node_modules/.bin after the installation, but ${version || 'nothing that runs'} does.\n` +
        'It comes with the npm package "node", which fetches it in an install script: if install scripts are switched\n' +
        'off (npm config get ignore-scripts), switch them on, remove node_modules and run this again.',
    )
  }
  writeFileSync(stampFile, stamp)
}

/** npm notes what it installed in node_modules/.package-lock.json. */
function installedAsLocked(lock) {
  const hidden = read(inRoot('node_modules/.package-lock.json'))
  if (hidden === undefined || !existsSync(node24)) return false
  const installed = JSON.parse(hidden).packages ?? {}
  return Object.entries(lock.packages).every(
    ([path, { version, optional }]) =>
      path === '' || installed[path]?.version === version || (optional && !installed[path]),
  )
}

/** `npx myst` in the checkout: npm does not link a package's own programs. */
function link() {
  const linked = inRoot('node_modules/.bin/myst')
  if (process.platform !== 'win32' && !existsSync(linked)) {
    rmSync(linked, { force: true })
    symlinkSync('../../scripts/myst.mjs', linked)
  }
}

/** The web page of the app. */
function renderer() {
  const vite = inRoot('node_modules/vite/bin/vite.js')
  build({
    what: 'the app',
    sources: ['src-renderer', 'src-shared'],
    results: ['out/renderer/index.html'],
    stampFile: inRoot('out/renderer.stamp'),
    command: [vite, 'build', '--config', inRoot('src-renderer/vite.config.ts'), '--logLevel', 'warn'],
  })
}

/** Electron's own program is never fetched here; asking its package for it would fetch it. */
function electronStands() {
  const program = read(inRoot('node_modules/electron/path.txt'))
  return program !== undefined && existsSync(inRoot('node_modules/electron/dist', program))
}

/** What Electron runs: main and preload. */
function shell() {
  const electronVite = inRoot('node_modules/electron-vite/bin/electron-vite.js')
  build({
    what: 'the desktop shell',
    sources: ['src-main', 'src-shared'],
    results: ['out/main/index.js', 'out/preload/index.cjs'],
    stampFile: inRoot('out/shell.stamp'),
    command: [electronVite, 'build', '--mode', 'shell', '--logLevel', 'error'],
  })
}

/** Builds when the sources differ from what was built last. */
function build({ what, sources, results, stampFile, command }) {
  const hash = createHash('sha256')
  for (const dir of sources) for (const line of listing(inRoot(dir))) hash.update(line)
  const stamp = hash.update(readFileSync(inRoot('package-lock.json'))).digest('hex')
  if (read(stampFile) === stamp && results.every((file) => existsSync(inRoot(file)))) return
  step(`building ${what}`)
  if (run(node24, command) !== 0) fail(`Could not build ${what}; the reason is above.`)
  mkdirSync(inRoot('out'), { recursive: true })
  writeFileSync(stampFile, stamp)
}

function listing(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) return listing(path)
    if (/\.test\.tsx?$/.test(entry.name)) return []
    const { size, mtimeMs } = statSync(path)
    return [`${path} ${size} ${mtimeMs}\n`]
  })
}

/** Debian packages when root and testing; otherwise says by name what is missing. */
function programs() {
  const missing = () =>
    PROGRAMS.filter(({ files, tests }) => (mode === 'test' || !tests) && !files.some((file) => existsSync(file)))
  let left = missing()
  if (left.length > 0 && mode === 'test' && process.getuid() === 0 && existsSync('/usr/bin/apt-get')) {
    install(left.map(({ name }) => name))
    left = missing()
  }
  if (left.length === 0) return
  step('not on this machine:')
  for (const { name, use } of left) console.log(`         ${name} (for ${use})`)
  const names = left.map(({ name }) => name).join(' ')
  const without = mode === 'test' ? 'the tests that need it are listed as not run' : 'the demo does without'
  console.log(`         On Debian: apt-get install ${names}   Until then ${without}.`)
}

function install(names) {
  step('installing Debian packages:')
  // Debian starts a service it installs; a broker of ours would then find its port taken.
  const policy = '/usr/sbin/policy-rc.d'
  const ownPolicy = !existsSync(policy)
  const environment = { DEBIAN_FRONTEND: 'noninteractive' }
  try {
    if (ownPolicy) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
    if (run('apt-get', ['update', '-qq'], environment) !== 0) step('the package lists could not be refreshed')
    for (const name of names) {
      step(`  ${name}`)
      const status = run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], environment, 'ignore')
      if (status !== 0) step(`  ${name} could not be installed (apt-get install ${name} tells why)`)
    }
  } finally {
    if (ownPolicy) rmSync(policy, { force: true })
  }
  // Nor at the next boot. Only where it was not installed before.
  if (names.includes('mosquitto') && existsSync('/run/systemd/system')) {
    spawnSync('systemctl', ['disable', '--now', 'mosquitto.service'], { stdio: 'ignore' })
  }
}

function run(file, args, environment = {}, output = 'inherit') {
  const { status, error } = spawnSync(file, args, {
    cwd: root,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...environment },
    shell: process.platform === 'win32', // npm is a .cmd there; every argument is ours
  })
  if (error) console.error(error.message)
  return status ?? 1
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function step(text) {
  console.log(`[set-up] ${text}`)
}

function fail(text) {
  console.error(text)
  process.exit(1)
}
