import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { countForge, countVitest, deepTests, figuresOf, figuresOfForge } from './test-results.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const made = []
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true })
})

/** Runs the real vitest on the given files. */
function run(files) {
  mkdirSync(join(root, 'out'), { recursive: true })
  const dir = mkdtempSync(join(root, 'out/runner-')) // inside, so that vitest is found
  made.push(dir)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  const args = [
    'run',
    '--root',
    dir,
    '--config',
    join(dir, 'vitest.config.mjs'),
    '--reporter=json',
    '--outputFile=report.json',
  ]
  writeFileSync(join(dir, 'vitest.config.mjs'), 'export default {}')
  const { status } = spawnSync(join(root, 'node_modules/.bin/vitest'), args, { cwd: dir, stdio: 'ignore' })
  return countVitest(JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')), status, dir)
}

it('counts what vitest ran and names what it did not', () => {
  const result = run({
    'a.test.mjs': `
      import { describe, expect, it } from 'vitest'
      it('passes', () => {})
      it('fails', () => expect(1).toBe(2))
      it.skip('forgotten', () => {})
      it.todo('later')
      describe.skip('tunnels [needs openvpn]', () => { it('one', () => {}); it('two', () => {}) })
      describe('pages', () => { it.skip('opens [needs chromium]', () => {}) })`,
    'b.test.mjs': "import './missing.mjs'",
  })
  expect(result).toEqual({
    passed: 1,
    failed: 2,
    skipped: 5,
    notRun: [
      'a.test.mjs: forgotten (no reason given): 1 test',
      'a.test.mjs: later (no reason given): 1 test',
      'a.test.mjs: tunnels (needs openvpn): 2 tests',
      'a.test.mjs: pages (needs chromium): 1 test',
    ],
  })
})

it('does not blame a missing program for a set-up that failed', () => {
  const result = run({
    'a.test.mjs': `
      import { beforeAll, describe, it } from 'vitest'
      describe('pages [needs chromium]', () => { beforeAll(() => { throw new Error('no') }); it('opens', () => {}) })`,
  })
  expect(result.failed).toBe(1)
  expect(result.notRun).toEqual(['a.test.mjs: pages (its set-up failed): 1 test'])
})

it('counts an error outside of any test', () => {
  const result = run({
    'a.test.mjs': "import { it } from 'vitest'; it('passes', () => { setTimeout(() => { throw new Error('late') }) })",
  })
  expect(result.passed).toBe(1)
  expect(result.failed).toBe(1)
})

it('counts what forge ran', () => {
  const output = `
[PASS] test_A() (gas: 1)
[SKIP: no chain] test_B() (gas: 0)
Suite result: ok. 1 passed; 0 failed; 1 skipped; finished in 1.00ms (1.00ms CPU time)

Ran 2 test suites in 10.00ms (10.00ms CPU time): 79 tests passed, 0 failed, 1 skipped (80 total tests)
`
  expect(countForge(output, 0)).toEqual({ passed: 79, failed: 0, skipped: 1, notRun: ['contracts: test_B()'] })
  expect(countForge('Error: solc not found', 1).failed).toBe(1)
  expect(countForge('', 0).failed).toBe(1)
})

it('collects the figures of a deep run', () => {
  const output = `
stdout | a.test.ts > crash
deep: 500 kills, 12,345 promises
not deep: at all

deep:   nothing found
`
  expect(figuresOf(output)).toEqual(['500 kills, 12,345 promises', 'nothing found'])
})

it('sums up what forge tried', () => {
  const output = `
[PASS] invariant_A() (runs: 64, calls: 4096, reverts: 0)
[PASS] invariant_B() (runs: 64, calls: 4000, reverts: 0)
[PASS] testFuzz_C(uint256) (runs: 256, μ: 1234, ~: 1200)
[PASS] test_D() (gas: 1)
`
  expect(figuresOfForge(output)).toEqual(['2 invariants over 8,096 calls, 1 fuzz tests in 256 runs'])
  expect(figuresOfForge('[PASS] test_D() (gas: 1)')).toEqual([])
})

it('finds the tests that do more when asked to', () => {
  const dir = mkdtempSync(join(tmpdir(), 'deep-'))
  made.push(dir)
  mkdirSync(join(dir, 'src-shared'))
  mkdirSync(join(dir, 'src-main/node'), { recursive: true })
  writeFileSync(join(dir, 'src-main/node/a.lab.test.ts'), 'const runs = process.env.DEEP ? 1000 : 10')
  writeFileSync(join(dir, 'src-main/node/b.lab.test.ts'), 'const runs = 10')
  writeFileSync(join(dir, 'src-main/node/c.test.ts'), 'const runs = process.env.DEEP ? 1000 : 10')
  expect(deepTests(dir)).toEqual([join('src-main', 'node', 'a.lab.test.ts')])
})
