import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { setFuses } from './after-pack.mjs'

let dir
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'myst-fuses-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

/** The place in Electron's program that holds its fuses; around it something else. */
function program(...wires) {
  const file = join(dir, 'electron')
  const parts = wires.flatMap((wire) => [
    Buffer.alloc(9_000, 7),
    Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
    Buffer.from([1, wire.length]),
    Buffer.from(wire),
  ])
  writeFileSync(file, Buffer.concat([...parts, Buffer.alloc(9_000, 7)]))
  return file
}

test('every fuse is set, and nothing else in the file changes', async () => {
  const file = program('101101011')
  const before = readFileSync(file)
  await setFuses(file)
  const after = readFileSync(file)
  const at = before.indexOf('101101011')
  expect(after.subarray(at, at + 9).toString()).toBe('010011001')
  expect(after.subarray(0, at).equals(before.subarray(0, at))).toBe(true)
  expect(after.subarray(at + 9).equals(before.subarray(at + 9))).toBe(true)
})

test.each([
  ['a fuse that this list does not know', ['1011010111'], /strictlyRequireAllFuses/],
  ['a fuse fewer', ['10110101'], /not long enough/],
  ['a fuse that was taken out', ['r01101011', 'r01101011', 'r01101011'], /copies of the fuse sentinel/],
  ['no fuses at all', [], /Could not find sentinel/],
])('%s is no package', async (_what, wires, message) => {
  await expect(setFuses(program(...wires))).rejects.toThrow(message)
})
