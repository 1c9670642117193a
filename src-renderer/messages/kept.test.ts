import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'

/** A text that a module keeps from when it was loaded stays in the language of that moment. */
vi.mock('./index.ts', () => ({
  locale: 'en',
  get m() {
    throw new Error('a text was read while a module was loaded')
  },
}))

const modules = globSync(['app/*.tsx', 'features/**/*.{ts,tsx}', 'store/*.{ts,tsx}', 'ui/*.{ts,tsx}'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
}).filter((path) => path !== 'app/main.ts' && !path.endsWith('.test.ts'))

it.each(modules)('%s keeps no text', async (path) => {
  expect(modules.length).toBeGreaterThan(90)
  await import(/* @vite-ignore */ `../${path}`)
})

it('would notice', async () => {
  const { countryName } = await import('./countries.ts')
  expect(() => countryName('?')).toThrow('a text was read')
})
