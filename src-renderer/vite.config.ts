import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type HtmlTagDescriptor, type Plugin } from 'vite'
import { worldPlugin } from './features/connect/draw-world.ts'

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
    plugins: [react(), worldPlugin(), preloadApp(), ...(gallery ? [] : [withoutSchemas()])],
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

/**
 * The node parses what comes in at its doors; the page needs none of those schemas, which are slow to read and to make,
 * and whose library tries at each start whether it may make code from text.
 */
function withoutSchemas(): Plugin {
  return {
    name: 'without-schemas',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        const found =
          chunk.type === 'chunk' && Object.keys(chunk.modules).find((id) => id.includes('/node_modules/zod/'))
        if (found) this.error(`the page must not hold ${found}; take what it needs of it from src-shared/model`)
      }
    },
  }
}

/** What the entry imports while it signs in (app/main.ts) is asked for with the entry, not after it. */
function preloadApp(): Plugin {
  return {
    name: 'preload-app',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle = {}, chunk }) {
        const known = chunk?.imports ?? []
        const files = new Set<string>()
        const styles = new Set<string>()
        const add = (file: string) => {
          const found = bundle[file]
          if (found?.type !== 'chunk' || files.has(file) || known.includes(file)) return
          files.add(file)
          for (const style of found.viteMetadata?.importedCss ?? []) styles.add(style)
          found.imports.forEach(add)
        }
        chunk?.dynamicImports.forEach(add)
        const tag = (rel: string, file: string): HtmlTagDescriptor => ({
          ...{ tag: 'link', injectTo: 'head' },
          attrs: { rel, crossorigin: true, href: `./${file}` },
        })
        return [
          ...[...styles].map((file) => tag('stylesheet', file)),
          ...[...files].map((file) => tag('modulepreload', file)),
        ]
      },
    },
  }
}
