import { fileURLToPath } from 'node:url'
import { defineConfig } from 'electron-vite'
import renderer from './src-renderer/vite.config.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

/**
 * Main (with the helper program beside it) and preload to out/{main,preload}; the page as its own configuration builds it, to out/renderer.
 * `--mode shell` leaves the page as it was built last.
 */
export default defineConfig(async (environment) => ({
  main: {
    build: {
      outDir: 'out/main',
      rolldownOptions: { input: { index: `${here}src-main/index.ts`, helper: `${here}src-main/helper/main.ts` } },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      // A sandboxed preload script is one CommonJS file without packages.
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: `${here}src-main/preload/index.ts` },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  ...(environment.mode === 'shell' ? {} : { renderer: await renderer(environment) }),
}))
