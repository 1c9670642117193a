import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { ALLOWED, findViolations, partOf } from './layers.mjs'

const made = []
afterEach(() => {
  for (const root of made.splice(0)) rmSync(root, { recursive: true })
})

/** A tree with one harmless file in every part, and the given files. */
function check(files) {
  const root = mkdtempSync(join(tmpdir(), 'layers-'))
  made.push(root)
  const whole = Object.fromEntries(
    Object.keys(ALLOWED).map((key) => [
      key.endsWith('.ts') ? key : `${key.replace('*', 'one')}/harmless.ts`,
      'export {}',
    ]),
  )
  for (const [path, text] of Object.entries({ ...whole, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return findViolations(root, 10).violations
}

it('finds nothing wrong with what goes downward', () => {
  const fine = {
    'src-main/node/session/a.ts': "import { b } from '../payments/b.ts'\nimport type { C } from '../ports/c.ts'",
    'src-main/node/payments/b.ts': "import {\n  d,\n  e,\n} from '#shared/model/d.ts'\nimport { z } from 'zod'",
    'src-renderer/features/one/F.tsx': "import '../../ui/styles.css'\nimport { s } from '../../store/s.ts'",
    'src-main/node/payments/b.test.ts': "import { x } from '../session/x.ts'",
  }
  expect(check(fine)).toEqual([])
})

it.each([
  ['upward', 'src-main/node/dialogue/a.ts', "import { x } from '../session/x.ts'"],
  ['upward over several lines', 'src-main/node/dialogue/a.ts', "import {\n  x,\n  y\n} from '../payments/x.ts'"],
  ['upward, passed on', 'src-main/node/messaging/a.ts', "export * from '../dialogue/x.ts'"],
  ['upward, as a type', 'src-main/node/ports/a.ts', "export type A = import('../session/x.ts').A"],
  ['upward, later', 'src-main/node/ports/a.ts', "const a = await import('../session/x.ts')"],
  ['out of the leaf', 'src-shared/a.ts', "import { x } from '../src-main/node/lib/x.ts'"],
  ['one service into another', 'src-main/node/services/one/a.ts', "import { x } from '../two/x.ts'"],
  ['one feature into another', 'src-renderer/features/one/a.ts', "import { x } from '../two/x.ts'"],
  ['a feature to the door', 'src-renderer/features/one/a.ts', "import { x } from '../../bridge/x.ts'"],
  ['the renderer into the node', 'src-renderer/store/a.ts', "import { x } from '../../src-main/node/create-node.ts'"],
  ['a door past the face', 'src-main/doors/a.ts', "import { x } from '../node/payments/x.ts'"],
  ['a door into the composition', 'src-main/doors/a.ts', "import { x } from '../node/agent.ts'"],
  ['a part into the composition', 'src-main/node/payments/a.ts', "import { x } from '../agent.ts'"],
  ['the helper to ours', 'src-main/helper/a.ts', "import { x } from '#shared/x.ts'"],
  ['the helper to a package', 'src-main/helper/a.ts', "import { z } from 'zod'"],
  ['electron in the node', 'src-main/node/lib/a.ts', "import { app } from 'electron'"],
  ['a built-in in the browser', 'src-renderer/ui/a.ts', "import { readFileSync } from 'node:fs'"],
  ['test parts in the product', 'src-main/node/payments/a.ts', "import { x } from '../testing/x.ts'"],
])('finds what goes %s', (_what, path, text) => {
  const violations = check({ [path]: text })
  expect(violations).toHaveLength(1)
  expect(violations[0]).toContain(`${path}: `)
})

it('finds files that import each other in a circle, by types alone as well', () => {
  const round = {
    'src-main/node/session/a.ts': "import { b } from './b.ts'",
    'src-main/node/session/b.ts': "import { c } from './c.ts'",
    'src-main/node/session/c.ts': "import type { A } from './a.ts'",
    'src-main/node/session/d.ts': "import { b } from './b.ts'",
  }
  const folder = 'src-main/node/session'
  expect(check(round)).toEqual([`${folder}/a.ts -> ${folder}/b.ts -> ${folder}/c.ts -> ${folder}/a.ts: a circle`])
})

it('lets a measurement use the parts that tests are set up with', () => {
  expect(check({ 'e2e/bench/a.ts': "import { x } from '../../src-main/node/testing/x.ts'" })).toEqual([])
})

it('finds a folder that nobody placed', () => {
  expect(check({ 'src-main/elsewhere/a.ts': 'export {}' })).toEqual([expect.stringContaining('belongs to no part')])
})

it('fails when it sees no files', () => {
  const root = mkdtempSync(join(tmpdir(), 'layers-'))
  made.push(root)
  const { violations } = findViolations(root)
  expect(violations).toContain('saw only 0 files: is this the right place?')
  expect(violations).toHaveLength(1 + Object.keys(ALLOWED).length)
})

it('tells the parts of a path', () => {
  expect(partOf('src-main/node/services/socks/a.ts')?.folder).toBe('src-main/node/services/socks')
  expect(partOf('src-main/node/create-node.ts')?.folder).toBe('src-main/node/create-node.ts')
  expect(partOf('src-main/node/agent.ts')?.folder).toBe('src-main/node')
  expect(partOf('src-main/doors/cli/main.ts')?.folder).toBe('src-main/doors/cli')
  expect(partOf('docs/a.ts')).toBeUndefined()
})
