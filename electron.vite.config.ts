import { fileURLToPath } from 'node:url'
import { defineConfig } from 'electron-vite'
import { TRAY_ICONS, trayIco } from './src-main/desktop/tray-icon.ts'
import renderer from './src-renderer/vite.config.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Windows reads the tray's icons from files beside the program. */
const trayIcons = {
  name: 'tray-icons',
  generateBundle(this: { emitFile(file: { type: 'asset'; fileName: string; source: Uint8Array }): string }) {
    for (const kind of TRAY_ICONS) this.emitFile({ type: 'asset', fileName: `tray-${kind}.ico`, source: trayIco(kind) })
  },
}

/**
 * Main (with the helper program beside it) and preload to out/{main,preload}; the page as its own configuration builds it, to out/renderer.
 * `--mode shell` leaves the page as it was built last.
 */
export default defineConfig(async (environment) => ({
  main: {
    plugins: [trayIcons],
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
