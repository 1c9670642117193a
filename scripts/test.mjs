// `npm test`: every test, stage by stage; a failed stage does not stop the next one.
// `npm run check` (--quick): the gate before a commit, without the journeys and the slow `*.lab.test.ts`.
// `npm run test:deep` (--deep): what takes long and is not in `npm test`, or there in small: the same promises, tried
// many more times. Its stages find DEEP=1 in their environment; lines they print that begin with `deep:` are figures,
// repeated at the end and, of a whole run, kept in out/test/deep.txt, because docs/security.md quotes them.
// With names of stages as arguments only those run. On CI (CI=true) a test that was not run is a failure.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { countForge, countVitest, deepTests, figuresOf, figuresOfForge } from './test-results.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = (name) => join(root, 'node_modules/.bin', name)
const quick = process.argv.includes('--quick')
const deep = process.argv.includes('--deep')
const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const onCi = process.env.CI === 'true'
const reports = join(root, 'out/test')

// `once`: counts as one test. `forge` and `vitest`: counts what the runner counted.
// `deep: 'too'`: among the deep ones as well; `deep: 'only'`: not in `npm test`.
const STAGES = [
  { name: 'types', kind: 'once', command: ['tsc', '-b'], quick: true },
  { name: 'lint', kind: 'once', command: ['biome', 'check', '--error-on-warnings'], quick: true },
  { name: 'layers', kind: 'once', command: ['node', 'scripts/layers.mjs'], quick: true },
  { name: 'unused', kind: 'once', command: ['knip'], quick: true },
  { name: 'build', kind: 'once', command: ['node', 'scripts/setup.mjs', '--mode', 'build'] },
  { name: 'generated', kind: 'once', command: ['node', 'scripts/build-contracts.mjs', '--check'] },
  { name: 'contracts', kind: 'forge', command: ['node', '../scripts/forge.mjs', 'test'], cwd: 'contracts' },
  {
    name: 'unit',
    kind: 'vitest',
    command: ['vitest', 'run'],
    // Without a fresh process for every file it takes a third less; nothing in this house keeps state in a module. Only the
    // test of just that puts another module in the place of one, which the others would then get as well.
    quickArguments: ['--exclude', '**/*.lab.test.*', '--exclude', '**/kept.test.ts', '--no-isolate'],
    quick: true,
  },
  {
    name: 'journeys',
    kind: 'vitest',
    // Two at once: each has hosts of its own, and waits more than it reckons.
    command: [
      ...['vitest', 'run', '--config', 'vitest.e2e.config.ts', '--file-parallelism', '--max-workers=2'],
      ...['e2e/lab', 'e2e/journeys'],
    ],
  },
  // Every state of the app in its gallery of fixtures.
  {
    name: 'gallery',
    kind: 'vitest',
    command: ['vitest', 'run', '--config', 'vitest.e2e.config.ts', 'e2e/gallery'],
  },
  // Two nodes that are killed again and again.
  {
    name: 'crash',
    kind: 'vitest',
    deep: 'too',
    command: ['vitest', 'run', '--config', 'vitest.e2e.config.ts', 'e2e/crash'],
  },
  // Probes all around a guarded machine whose node, helper and OpenVPN are killed. Its two files at once: they wait much.
  {
    name: 'leak',
    kind: 'vitest',
    deep: 'too',
    command: ['vitest', 'run', '--config', 'vitest.e2e.config.ts', '--file-parallelism', '--max-workers=2', 'e2e/leak'],
  },
  // Loud: it says whether it ran in Electron itself or in its double.
  {
    name: 'desktop',
    kind: 'vitest',
    loud: true,
    command: ['vitest', 'run', '--config', 'vitest.e2e.config.ts', 'e2e/desktop'],
  },
  {
    name: 'contracts-deep',
    kind: 'forge',
    deep: 'only',
    command: ['node', '../scripts/forge.mjs', 'test'],
    cwd: 'contracts',
    env: { FOUNDRY_PROFILE: 'deep' },
  },
  { name: 'contracts-coverage', kind: 'once', deep: 'only', command: ['node', 'scripts/contract-coverage.mjs'] },
  // Every `*.lab.test.ts` that does more when asked to.
  { name: 'models', kind: 'vitest', deep: 'only', command: ['vitest', 'run'], files: () => deepTests(root) },
]

const unknown = chosen.find((name) => !STAGES.some((stage) => stage.name === name))
if (unknown) {
  console.error(`There is no stage ${unknown}. Stages: ${STAGES.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

const live = new Set()
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupt())

const total = { passed: 0, failed: 0, skipped: 0 }
const table = []
const notRun = []
const startedAt = Date.now()
mkdirSync(reports, { recursive: true })
for (const stage of STAGES) {
  if (chosen.length > 0 ? !chosen.includes(stage.name) : !isAsked(stage)) continue
  const stageStartedAt = Date.now()
  if (stage.kind === 'vitest') console.log(`\n── ${stage.name}`)
  const result = await runStage(stage)
  const seconds = ((Date.now() - stageStartedAt) / 1000).toFixed(1)
  for (const key of Object.keys(total)) total[key] += result[key]
  notRun.push(...result.notRun)
  table.push({ ...result, name: stage.name, seconds })
  console.log(`${result.failed > 0 ? '✗' : '✓'} ${stage.name} ${seconds} s`)
}
conclude()

function isAsked(stage) {
  if (deep) return stage.deep !== undefined
  return stage.deep !== 'only' && (!quick || stage.quick === true)
}

function conclude() {
  console.log(
    `\n${'stage'.padEnd(15)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'not run'.padStart(9)}${'seconds'.padStart(9)}`,
  )
  for (const { name, passed, failed, skipped, seconds } of table) {
    const figures = `${String(passed).padStart(8)}${String(failed).padStart(8)}${String(skipped).padStart(9)}`
    console.log(`${name.padEnd(15)}${figures}${seconds.padStart(9)}`)
  }
  console.log(`${'all'.padEnd(40)}${((Date.now() - startedAt) / 1000).toFixed(1).padStart(9)}`)
  if (notRun.length > 0) {
    console.log(`\nNot run${onCi ? ', which is a failure on CI' : ''}:`)
    for (const line of notRun) console.log(`  ${line}`)
  }
  if (deep) concludeDeep()
  const ok = total.failed === 0 && total.passed > 0 && !(onCi && total.skipped > 0)
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`)
  process.exitCode = ok ? 0 : 1
}

/** What the stages found, with the commit it was found on. */
function concludeDeep() {
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' })
  const lines = table.flatMap(({ name, seconds, figures }) =>
    [`${seconds} s`, ...figures].map((line) => `${name.padEnd(15)} ${line}`),
  )
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
  const head = `Figures of ${new Date().toISOString().slice(0, 10)}, commit ${stdout?.trim() || 'unknown'}, ${seconds} s in all:`
  if (chosen.length === 0) writeFileSync(join(reports, 'deep.txt'), `${[head, ...lines].join('\n')}\n`)
  console.log(`\n${head}`)
  for (const line of lines) console.log(`  ${line}`)
}

async function runStage(stage) {
  if (stage.kind === 'vitest') return runVitest(stage)
  const { code, output } = await run(stage.command, { cwd: stage.cwd, env: stage.env, capture: true })
  if (code !== 0) console.log(output.trimEnd())
  if (stage.kind === 'once') {
    return {
      passed: code === 0 ? 1 : 0,
      failed: code === 0 ? 0 : 1,
      skipped: 0,
      notRun: [],
      figures: figuresOf(output),
    }
  }
  return { ...countForge(output, code), figures: [...figuresOfForge(output), ...figuresOf(output)] }
}

async function runVitest(stage) {
  const file = join(reports, `${stage.name}.json`)
  rmSync(file, { force: true })
  const files = stage.files?.() ?? []
  if (stage.files && files.length === 0) {
    console.log('No file was found for this stage.')
    return { passed: 0, failed: 1, skipped: 0, notRun: [], figures: [] }
  }
  const reporters = [
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...(stage.loud || deep ? [] : ['--silent=passed-only']),
  ]
  const command = [...stage.command, ...files, ...reporters, ...(quick ? (stage.quickArguments ?? []) : [])]
  const { code, output } = await run(command, { env: stage.env, listen: deep })
  const figures = figuresOf(output)
  let report
  try {
    report = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: 0, notRun: [], figures } // it died before it could report
  }
  return { ...countVitest(report, code, root), figures }
}

/** Runs in a process group of its own, which ends with it. `capture` and `listen` give its output, `listen` shows it too. */
function run([program, ...args], { cwd = '.', env = {}, capture = false, listen = false }) {
  return new Promise((resolve) => {
    const child = spawn(bin(program), args, {
      cwd: join(root, cwd),
      detached: true,
      stdio: ['ignore', capture || listen ? 'pipe' : 'inherit', capture ? 'pipe' : 'inherit'],
      env: {
        ...process.env,
        ...env,
        ...(deep ? { DEEP: '1' } : {}),
        PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
        ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }),
      },
    })
    live.add(child)
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (data) => {
      output += data
      if (listen) process.stdout.write(data)
    })
    child.stderr?.on('data', (data) => (output += data))
    const done = (code) => {
      live.delete(child)
      endGroup(child, 'SIGKILL') // what it left behind
      resolve({ code, output })
    }
    child.once('error', (error) => {
      output += error.message
      done(1)
    })
    child.once('close', (code) => done(code ?? 1))
  })
}

function endGroup(child, signal) {
  try {
    if (child.pid) process.kill(-child.pid, signal)
  } catch {
    // All of it has ended.
  }
}

async function interrupt() {
  if (interrupted) return
  interrupted = true
  const ends = [...live].map((child) => new Promise((resolve) => child.once('exit', resolve)))
  for (const child of live) endGroup(child, 'SIGTERM')
  await Promise.race([Promise.all(ends), new Promise((resolve) => setTimeout(resolve, 3000))])
  for (const child of live) endGroup(child, 'SIGKILL')
  // A lab that was cut short could not remove its hosts.
  const sweep = `
    import { removeLeftoverHosts } from './src-main/node/localnet/hosts.ts'
    import { silentLogger } from './src-main/node/lib/logger.ts'
    await removeLeftoverHosts({ prefix: 'mystlab', log: silentLogger })`
  spawnSync(bin('node'), ['--input-type=module', '-e', sweep], { cwd: root, stdio: 'inherit', timeout: 10_000 })
  process.exit(130)
}
