import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LARGE, type Look, openGallery, SMALL } from './open-gallery.ts'

/*
 * A picture of every state of the app, from the gallery's fixtures: `npm run screenshots -- states`. WebP, because there are
 * many; Chromium is all it needs.
 */

const OUT = fileURLToPath(new URL('../../docs/screenshots/states', import.meta.url))
const LOOKS: Record<string, Look> = {
  light: { viewport: LARGE, colorScheme: 'light' },
  dark: { viewport: LARGE, colorScheme: 'dark' },
  small: { viewport: SMALL, colorScheme: 'light' },
}

export async function takePictures(): Promise<void> {
  const gallery = await openGallery()
  try {
    // Those of scenes that are no more go, too.
    rmSync(OUT, { recursive: true, force: true })
    mkdirSync(OUT, { recursive: true })
    const chromium = await gallery.page.context().newCDPSession(gallery.page)
    let bytes = 0
    for (const scene of gallery.scenes) {
      for (const [look, options] of Object.entries(LOOKS)) {
        await gallery.wear(options)
        await gallery.show(scene)
        // What would have to be scrolled to is in the picture, too; a list that scrolls by itself is not unrolled.
        const hidden = await gallery.page
          .locator('.content, .setup-main, .live, .unlock')
          .evaluateAll((pages) => pages.reduce((most, one) => Math.max(most, one.scrollHeight - one.clientHeight), 0))
        if (hidden > 0) {
          const { width, height } = options.viewport
          await gallery.wear({ ...options, viewport: { width, height: height + hidden } })
        }
        const { data } = await chromium.send('Page.captureScreenshot', { format: 'webp', quality: 80 })
        const picture = Buffer.from(data, 'base64')
        bytes += picture.length
        writeFileSync(join(OUT, `${scene}-${look}.webp`), picture)
      }
    }
    if (gallery.problems().length > 0) throw new Error(gallery.problems().join('\n'))
    process.stdout.write(`${gallery.scenes.length} states, ${Math.ceil(bytes / 1024)} KiB\n`)
  } finally {
    await gallery.close()
  }
}
