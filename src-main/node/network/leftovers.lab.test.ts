import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { createHosts, whyNoHosts } from '../localnet/hosts.ts'

const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

/** Two helpers of one network that start at the same moment, after one that was killed. */
const TWO = `
import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { anyPrograms } from ${url('../../helper/programs.ts')}
import { removeLeftovers } from ${url('../../helper/workspace.ts')}
const dir = process.argv[1]
mkdirSync(dir, { recursive: true, mode: 0o700 })
const changes = Array.from({ length: 5 }, (_, number) => ({ kind: 'rule', family: 4, args: ['pref', String(7000 + number)] }))
writeFileSync(dir + '/changes.json', JSON.stringify({ namespace: readlinkSync('/proc/self/ns/net'), changes }))
const clean = () => removeLeftovers({ programs: anyPrograms('/nowhere'), log: () => undefined })
await Promise.all([clean(), clean()])`

it.skipIf(whyNoHosts() !== undefined)('what a killed helper left is removed by two at once [needs root]', async () => {
  const hosts = await createHosts({ prefix: 'lefttest', log: silentLogger })
  try {
    // A number that no process has.
    const dir = `/run/myst-helper/4999999-${process.pid}`
    await hosts.run('consumer', process.execPath, ['--input-type=module', '-e', TWO, dir])
    expect(existsSync(dir)).toBe(false)
  } finally {
    await hosts.dispose()
  }
})
