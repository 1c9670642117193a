import type { Page } from 'playwright-core'
import type { AppState, StateMessage } from '#shared/contract/state.ts'
import { encode } from '#shared/contract/wire.ts'
import { createPageHandler } from '../../src-main/desktop/page.ts'
import { PAGE_ORIGIN } from './electron-double.ts'
import { ROOT } from './shell.ts'

/**
 * The built page under its own policy, before a node that says whatever a test wants: `show` sends a state, `answer`
 * decides on each command (what it throws is sent as the node's error). `asked` has every command, `outside` every
 * address that is not the page's own.
 */
export async function openMadeNode(page: Page, answer: (name: string, encodedInput: string) => unknown) {
  const handle = createPageHandler(`${ROOT}/out/renderer`)
  const asked: { name: string; input: string }[] = []
  const outside: string[] = []
  let number = 0
  const message = (state: AppState): StateMessage => ({ kind: 'snapshot', number: ++number, state })
  let last = ''

  await page.route('**/*', async (route) => {
    const url = route.request().url()
    if (!url.startsWith(`${PAGE_ORIGIN}/`)) {
      outside.push(url)
      return route.abort()
    }
    const response = await handle(new Request(`app://mysterium${url.slice(PAGE_ORIGIN.length)}`))
    const body = Buffer.from(await response.arrayBuffer())
    await route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body })
  })
  await page.exposeFunction('__command', (name: string, input: string) => {
    asked.push({ name, input })
    try {
      return encode({ ok: answer(name, input) })
    } catch (error) {
      return encode({ error: { name: 'Made', message: (error as Error).message, details: {} } })
    }
  })
  await page.exposeFunction('__state', () => last)
  await page.addInitScript(() => {
    type Made = Window & { __command(name: string, input: string): Promise<string>; __state(): Promise<string> }
    const made = window as unknown as Made
    const listeners = new Set<(text: string) => void>()
    Object.assign(window, {
      __push: (text: string) => {
        for (const listener of listeners) listener(text)
      },
      myst: {
        command: (name: string, input: string) => made.__command(name, input),
        onState(listener: (text: string) => void) {
          listeners.add(listener)
          void made.__state().then((text) => text && listener(text))
          return () => listeners.delete(listener)
        },
      },
    })
  })
  return {
    asked,
    outside,
    async show(state: AppState, hash: string) {
      last = encode(message(state))
      if (page.url() === 'about:blank') await page.goto(`${PAGE_ORIGIN}/index.html${hash}`)
      else {
        await page.evaluate(
          ([text, to]) => {
            ;(window as unknown as { __push(text: string): void }).__push(text)
            location.hash = to
          },
          [last, hash] as const,
        )
      }
    },
  }
}
