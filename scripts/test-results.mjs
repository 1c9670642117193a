// What the test runners say, as passed, failed, skipped and what was not run by name; and the figures of deep runs.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Of vitest's JSON report and its exit code. */
export function countVitest(report, code, root) {
  // A file that cannot be loaded, a hook or an error outside of any test fails without a failed test.
  const isBroken = ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed')
  const tests = report.testResults.flatMap((result) =>
    result.assertionResults.map((test) => ({ ...test, file: relative(root, result.name), broken: isBroken(result) })),
  )
  const passed = tests.filter(({ status }) => status === 'passed').length
  const failedTests = tests.filter(({ status }) => status === 'failed').length
  const broken = report.testResults.filter(isBroken).length
  const failed = failedTests + broken
  return {
    passed,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: tests.length - passed - failedTests,
    notRun: groups(tests.filter(({ status }) => status !== 'passed' && status !== 'failed')),
  }
}

/** One line for each group of tests that share file, first title and need. */
function groups(tests) {
  const counts = new Map()
  for (const { file, fullName, title, ancestorTitles, broken } of tests) {
    const needs = [...fullName.matchAll(/\[(needs [^\]]+)\]/g)].map(([, need]) => need).join(', ')
    const group = (ancestorTitles[0] ?? title).replace(/\s*\[needs [^\]]+\]/g, '')
    const line = `${file}: ${group} (${broken ? 'its set-up failed' : needs || 'no reason given'})`
    counts.set(line, (counts.get(line) ?? 0) + 1)
  }
  return [...counts].map(([line, count]) => `${line}: ${count} ${count === 1 ? 'test' : 'tests'}`)
}

/**
 * Of what `forge test` printed and its exit code. It ends with:
 * Ran 9 test suites in 1.2s (2.3s CPU time): 80 tests passed, 0 failed, 0 skipped (80 total tests)
 */
export function countForge(output, code) {
  const sums = [...output.matchAll(/(\d+) tests passed, (\d+) failed, (\d+) skipped \(/g)].at(-1)
  if (!sums) return { passed: 0, failed: 1, skipped: 0, notRun: [] }
  const [passed, failed, skipped] = sums.slice(1).map(Number)
  const notRun = [...output.matchAll(/^\[SKIP[^\]]*\]\s*(\S+)/gm)].map(([, test]) => `contracts: ${test}`)
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped, notRun }
}

/** What a test found worth telling: lines that begin with `deep:`, in the order they came. */
export function figuresOf(output) {
  return [...output.matchAll(/^deep: *(.*?) *$/gm)].map(([, figure]) => figure)
}

/** How much of chance `forge test` tried: one line, when it tried any. */
export function figuresOfForge(output) {
  const sum = (pattern) => {
    const found = [...output.matchAll(pattern)].map(([, number]) => Number(number))
    return { count: found.length, total: found.reduce((total, number) => total + number, 0).toLocaleString('en') }
  }
  const invariants = sum(/^\[PASS\] .*\(runs: \d+, calls: (\d+), /gm)
  const fuzzed = sum(/^\[PASS\] .*\(runs: (\d+), μ: /gm)
  if (invariants.count + fuzzed.count === 0) return []
  return [
    `${invariants.count} invariants over ${invariants.total} calls, ${fuzzed.count} fuzz tests in ${fuzzed.total} runs`,
  ]
}

/** The slow tests beside the code that do more when DEEP is set. */
export function deepTests(root) {
  return ['src-main', 'src-shared']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((path) => join(folder, path)))
    .filter((path) => path.endsWith('.lab.test.ts') && /\bDEEP\b/.test(readFileSync(join(root, path), 'utf8')))
    .sort()
}
