import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where results are kept; not in the temporary folder, which may be memory instead of a disk. */
export const OUT = fileURLToPath(new URL('../../out/bench', import.meta.url))

export function sayIfBusy(): number {
  const busy = loadavg()[0] ?? 0
  if (busy > 1) {
    process.stdout.write(
      `The machine is busy with other work (load average ${busy.toFixed(1)}): figures will scatter.\n`,
    )
  }
  return busy
}

/** One line of a table: a name and its cells. */
export function row(name: string, ...cells: string[]): string {
  return `${name.padEnd(26)}${cells.map((cell) => cell.padStart(12)).join('')}`
}

export function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}`
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2
}

/** Writes a result down as JSON, with the machine that it was measured on. */
export function keep(name: string, result: Record<string, unknown>): void {
  mkdirSync(OUT, { recursive: true })
  const machine = {
    processors: cpus().length,
    model: cpus()[0]?.model,
    kernel: release(),
    node: process.version,
    load: loadavg(),
  }
  const at = new Date().toISOString()
  const file = join(OUT, `${name}-${at.replaceAll(':', '-')}.json`)
  const text = JSON.stringify(
    { at, machine, ...result },
    (_, value) => (typeof value === 'bigint' ? `${value}` : value),
    2,
  )
  writeFileSync(file, `${text}\n`)
  process.stdout.write(`kept in ${file}\n`)
}
