#!/usr/bin/env node
// How much of contracts/src the contract tests reach: at least 99 of 100 lines and branches, or this fails.
// Takes minutes: forge compiles everything anew for it, without optimiser.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LEAST = 0.99
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const contracts = join(root, 'contracts')
const scratch = mkdtempSync(join(tmpdir(), 'contract-coverage-'))
try {
  const report = join(scratch, 'lcov.info')
  // Through Yul, as shipped. By its whole path, because forge does not find what a package outside of contracts/
  // imports by a relative one. What gas costs here is nothing that anybody pays.
  const openzeppelin = join(root, 'node_modules/@openzeppelin/contracts/')
  const forge = spawnSync(
    process.execPath,
    [
      join(root, 'scripts/forge.mjs'),
      ...['coverage', '--ir-minimum', '--report', 'lcov', '--report-file', report],
      ...['--no-match-contract', 'GasTest|ShippedTest', '--remappings', `@openzeppelin/contracts/=${openzeppelin}`],
    ],
    { cwd: contracts, env: { ...process.env, FOUNDRY_PROFILE: 'coverage' }, encoding: 'utf8' },
  )
  if (forge.status !== 0) {
    console.error(`${forge.stdout}${forge.stderr}`.trimEnd())
    process.exitCode = 1
  } else judge(readFileSync(report, 'utf8'))
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function judge(lcov) {
  const all = { lines: [0, 0], branches: [0, 0] }
  for (const record of lcov.split('end_of_record')) {
    const file = /^SF:(src\/.*)$/m.exec(record)?.[1]
    if (file === undefined) continue
    const assembly = linesOfAssembly(readFileSync(join(contracts, file), 'utf8'))
    // Forge never counts what is in assembly; whether its function was called is counted at its first line.
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)].filter(([, line]) => !assembly.has(Number(line)))
    const branches = [...record.matchAll(/^BRDA:(\d+),\d+,\d+,(\d+|-)$/gm)]
    for (const [line] of [...lines, ...branches].filter(([, , hits]) => hits === '0' || hits === '-')) {
      console.log(`not reached: ${file} ${line}`)
    }
    const reached = (found) => found.filter(([, , hits]) => Number(hits) > 0).length
    const figures = { lines: [reached(lines), lines.length], branches: [reached(branches), branches.length] }
    for (const [what, [hit, of]] of Object.entries(figures)) {
      all[what][0] += hit
      all[what][1] += of
    }
  }
  for (const [what, [hit, of]] of Object.entries(all)) {
    console.log(`deep: ${hit} of ${of} ${what} of the contracts reached by their tests`)
    if (of === 0 || hit / of < LEAST) process.exitCode = 1
  }
}

/** Numbers of the lines that stand in assembly blocks. */
function linesOfAssembly(source) {
  const inside = new Set()
  let depth = 0
  for (const [index, line] of source.split('\n').entries()) {
    const begins = depth === 0 && /^\s*assembly\b.*\{/.test(line)
    if (depth > 0 || begins) {
      inside.add(index + 1)
      depth += (line.match(/\{/g) ?? []).length - (line.match(/\}/g) ?? []).length
    }
  }
  return inside
}
