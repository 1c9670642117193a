import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parseCommandLine } from './arguments.ts'
import { diagnostics } from './diagnostics.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'myst-diagnostics-'))
  const address = `0x${'11'.repeat(20)}`
  const contracts = { token: address, identityRegistry: address, serviceDirectory: address, paymentAccounts: address }
  const nowhere = { rpc: ['http://127.0.0.1:9'], brokers: ['mqtt://127.0.0.1:9'], startBlock: 0 }
  writeFileSync(join(dir, 'network.json'), JSON.stringify({ name: 'nowhere', chainId: 31_337, contracts, ...nowhere }))
})
afterEach(() => rmSync(dir, { recursive: true }))

async function run(...options: string[]): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = []
  const output = { line: (object: object) => void lines.push({ ...object }), note() {}, table() {}, failed() {} }
  await diagnostics(
    parseCommandLine(['--home', join(dir, 'home'), '--network', join(dir, 'network.json'), 'diagnostics', ...options]),
    output,
  )
  return lines
}

it('prints, or writes a file for its owner alone and never over another, also when no chain answers', async () => {
  const [printed] = await run()
  expect(printed?.diagnostics).toMatch(/^Mysterium diagnostics/)
  const file = join(dir, 'diagnostics.txt')
  expect(await run('--out', file)).toEqual([{ file }])
  expect(readFileSync(file, 'utf8')).toContain('\n  chain: unreachable\n')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await expect(run('--out', file)).rejects.toMatchObject({ name: 'FileNotWritten' })
})
