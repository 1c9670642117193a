import type { Locator, Page } from 'playwright-core'
import { m } from '../../src-renderer/messages/index.ts'
import type { ConnectionState } from '../../src-shared/model/session.ts'
import { ANY, matching } from './look.ts'

export class ConnectPage {
  readonly page: Page
  readonly quickConnect: Locator
  readonly disconnect: Locator
  readonly switchLocation: Locator
  readonly cancel: Locator
  readonly offers: Locator
  readonly search: Locator
  readonly steps: Locator
  readonly failure: Locator
  /** What is left to say after the person herself ended it. */
  readonly ended: Locator
  /** Who took over, and from whom. */
  readonly elsewhere: Locator
  readonly tryNext: Locator
  /** What there is to do while blocked. */
  readonly tryAgain: Locator
  readonly restore: Locator
  /** The question before paying. */
  readonly dialog: Locator
  readonly chart: Locator

  constructor(page: Page) {
    this.page = page
    const main = page.getByRole('main')
    this.quickConnect = main.getByRole('button', { name: m.connect.quick })
    this.disconnect = main.getByRole('button', { name: m.connect.disconnect, exact: true })
    this.switchLocation = main.getByRole('button', { name: m.connect.switch })
    this.cancel = main.getByRole('button', { name: m.connect.cancel })
    this.offers = main.getByRole('list', { name: m.connect.offers }).getByRole('listitem')
    this.search = main.getByRole('searchbox', { name: m.connect.search })
    this.steps = main
      .getByRole('listitem')
      .filter({ hasText: new RegExp([m.steps.done, m.steps.running, m.steps.waiting].join('|')) })
    this.failure = main.getByRole('alert')
    this.ended = main
      .getByRole('status')
      .filter({ hasText: new RegExp([m.failure.disconnected, m.failure.cancelled].join('|')) })
    this.elsewhere = main.getByRole('status').filter({ hasText: m.live.elsewhereTitle })
    this.tryNext = main.getByRole('button', { name: m.failure.next })
    this.tryAgain = main.getByRole('button', { name: m.connect.tryAgain })
    this.restore = main.getByRole('button', { name: m.connect.restore })
    this.dialog = page.getByRole('dialog')
    this.chart = main.getByRole('img', { name: m.live.chart })
  }

  /** The state as the screen says it. */
  state(name: ConnectionState['name'] | 'proxyReady' | 'unknown'): Locator {
    return this.page.getByRole('main').getByRole('heading', { name: m.connection[name], level: 1, exact: true })
  }

  filter(by: 'filterCountry' | 'filterType'): Locator {
    return this.page.getByRole('combobox', { name: m.connect[by], exact: true })
  }

  /** Offers of one provider (its whole identifier, shown in short). */
  offerOf(provider: string): Locator {
    return this.offers.filter({ has: this.page.getByTitle(provider, { exact: true }) })
  }

  async confirm(): Promise<void> {
    await this.dialog.getByRole('button', { name: m.confirm.go }).click()
  }

  async connectTo(provider: string): Promise<void> {
    await this.offerOf(provider)
      .getByRole('button', { name: matching(m.connect.connectTo(ANY, ANY, ANY)) })
      .first()
      .click()
    await this.confirm()
  }

  /** A figure of the live session. */
  figure(label: 'exit' | 'cost' | 'ahead' | 'socks' | 'down' | 'up'): Locator {
    return this.page
      .getByRole('main')
      .getByText(m.live[label], { exact: true })
      .locator('xpath=following-sibling::*[1]')
  }

  /** What that side counted: its cells down then up. */
  measured(by: 'byYou' | 'byProvider'): Locator {
    return this.page.getByRole('row', { name: m.live[by] }).getByRole('cell')
  }

  /** What the question before paying says, by its labels. */
  async terms(): Promise<Record<string, string>> {
    const rows = await this.dialog.locator('dl > div').all()
    const text = async (locator: Locator) => (await locator.textContent()) ?? ''
    const pairs = rows.map(async (row) => [await text(row.locator('dt')), await text(row.locator('dd'))] as const)
    return Object.fromEntries(await Promise.all(pairs))
  }

  /** Notes from now on every state that the screen names, in order, however short. */
  async watchStates(): Promise<() => Promise<string[]>> {
    const watch = await this.page.evaluateHandle(() => {
      const seen: string[] = []
      const look = () => {
        const name = document.querySelector('main h1')?.textContent
        if (name && seen.at(-1) !== name) seen.push(name)
      }
      look()
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
      return seen
    })
    return () => watch.jsonValue()
  }

  /** Notes from now on which steps are shown as running, in order, however short. */
  async watchSteps(): Promise<() => Promise<string[]>> {
    const watch = await this.page.evaluateHandle(() => {
      const seen: string[] = []
      const look = () => {
        const text = document.querySelector('main li[aria-current="step"]')?.textContent
        const name = text?.split(',')[0]
        if (name && seen.at(-1) !== name) seen.push(name)
      }
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true })
      return seen
    })
    return () => watch.jsonValue()
  }

  /** Notes from now on every value that these figures show. */
  async watchFigures(labels: readonly string[]): Promise<() => Promise<Record<string, string[]>>> {
    const watch = await this.page.evaluateHandle((names) => {
      const seen: Record<string, string[]> = Object.fromEntries(names.map((name) => [name, []]))
      const look = () => {
        for (const element of document.querySelectorAll('main span')) {
          const values = seen[element.textContent ?? '']
          const value = element.nextElementSibling?.textContent
          if (values && value && values.at(-1) !== value) values.push(value)
        }
      }
      look()
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
      return seen
    }, labels)
    return () => watch.jsonValue()
  }
}
