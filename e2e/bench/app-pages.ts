import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { OUT } from './report.ts'

export const PAGE_DIR = fileURLToPath(new URL('../../out/renderer', import.meta.url))

export type Yardsticks = { blank: string; blankReact: string; close(): void }

/** What the app is compared with, served from loopback: a page with one sentence, by itself and rendered by React. */
export async function serveYardsticks(): Promise<Yardsticks> {
  // Inside of the project, so that React is found.
  const source = join(OUT, 'blank')
  rmSync(source, { recursive: true, force: true })
  mkdirSync(source, { recursive: true })
  const html = (body: string) => `<!doctype html><html lang="en"><title>Blank</title><body>${body}</body></html>`
  writeFileSync(
    join(source, 'react.html'),
    html('<div id="root"></div><script type="module" src="./main.tsx"></script>'),
  )
  writeFileSync(
    join(source, 'main.tsx'),
    `import { createRoot } from 'react-dom/client'
     createRoot(document.getElementById('root')!).render(<p>blank</p>)`,
  )
  const outDir = join(source, 'built')
  await build({
    ...{ root: source, configFile: false, logLevel: 'error', base: './', plugins: [react()] },
    build: { outDir, emptyOutDir: true, target: 'chrome130', rolldownOptions: { input: join(source, 'react.html') } },
  })
  const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' }
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    if (path === '/blank.html') return void response.setHeader('content-type', 'text/html').end(html('<p>blank</p>'))
    try {
      const file = readFileSync(join(outDir, path))
      response.setHeader('content-type', types[extname(path)] ?? 'text/plain').end(file)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    blank: `${address}/blank.html`,
    blankReact: `${address}/react.html`,
    close() {
      server.close()
      server.closeAllConnections()
      rmSync(source, { recursive: true, force: true })
    },
  }
}

/** Of all scripts and styles as built, gzipped, in KB of 1,000 bytes; the map's shapes come later and by themselves. */
export function bundleSize(): { all: number; map: number } {
  const sizes = readdirSync(join(PAGE_DIR, 'assets'))
    .filter((name) => /\.(js|css)$/.test(name))
    .map((name) => ({
      isMap: name.startsWith('map-shapes'),
      size: gzipSync(readFileSync(join(PAGE_DIR, 'assets', name)), { level: 9 }).length / 1000,
    }))
  const sum = (isMap: boolean) =>
    sizes.filter((one) => one.isMap === isMap).reduce((total, { size }) => total + size, 0)
  if (sum(true) === 0) throw new Error('the map is no file of its own')
  return { all: sum(false), map: sum(true) }
}
