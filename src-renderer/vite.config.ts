import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
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
    plugins: [react(), worldPlugin(), styleFirst(), themeFirst(), ...(gallery ? [] : [withoutSchemas()])],
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
        // Few scripts until there is a screen, not many small ones that wait for one another.
        ...(!gallery && {
          output: {
            codeSplitting: {
              groups: [
                { name: 'sign-in', tags: ['$initial'], priority: 1 },
                { name: 'app', test: /\/app\/app\.tsx$/ },
              ],
            },
          },
        }),
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

/**
 * A script of its own that is run before anything is painted: what comes with the entry runs after that. It is a file,
 * because the policy lets no script stand in the page itself.
 */
function themeFirst(): Plugin {
  const name = 'theme-first.js'
  return {
    name: 'theme-first',
    buildStart() {
      this.emitFile({ type: 'asset', name, source: readFileSync(`${here}app/${name}`, 'utf8') })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle = {} }) {
        const file = Object.values(bundle).find((one) => one.type === 'asset' && one.names.includes(name))
        return file ? [{ tag: 'script', injectTo: 'head-prepend' as const, attrs: { src: `./${file.fileName}` } }] : []
      },
    },
  }
}

/**
 * The styles are asked for with the entry. Not so the app's script: reading it would come before the entry has asked to
 * sign in, and both go on side by side after that (app/main.ts).
 */
function styleFirst(): Plugin {
  return {
    name: 'style-first',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle = {}, chunk }) {
        const styles = new Set<string>()
        for (const file of chunk?.dynamicImports ?? []) {
          const found = bundle[file]
          if (found?.type === 'chunk') for (const style of found.viteMetadata?.importedCss ?? []) styles.add(style)
        }
        return [...styles].map((file) => ({
          ...{ tag: 'link', injectTo: 'head' as const },
          attrs: { rel: 'stylesheet', crossorigin: true, href: `./${file}` },
        }))
      },
    },
  }
}
