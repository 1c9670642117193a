import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = fileURLToPath(new URL('.', import.meta.url))

/**
 * The page for both doors: plain static files with relative addresses. `--mode development` adds the
 * gallery of fixtures and builds it elsewhere, so that nothing of it is ever shipped.
 */
export default defineConfig(({ mode }) => {
  const gallery = mode === 'development'
  return {
    root: here,
    base: './',
    publicDir: false,
    plugins: [react()],
    build: {
      outDir: fileURLToPath(new URL(gallery ? '../out/gallery' : '../out/renderer', import.meta.url)),
      emptyOutDir: true,
      target: 'chrome130',
      // Flags stay files of their own: the list loads only those it shows.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 600,
      rolldownOptions: {
        input: { index: `${here}index.html`, ...(gallery ? { gallery: `${here}gallery.html` } : {}) },
      },
    },
  }
})
