import type { Locator, Page } from 'playwright-core'

export type ConnectionWords =
  | 'Not connected'
  | 'Connecting'
  | 'Connected'
  | 'Reconnecting'
  | 'Internet blocked'
  | 'Disconnecting'

export class ConnectPage {
  readonly page: Page
  readonly quickConnect: Locator
  readonly disconnect: Locator
  readonly cancel: Locator
  readonly offers: Locator
  readonly search: Locator
  readonly map: Locator
  readonly steps: Locator
  readonly failure: Locator
  /** What is left to say after the person herself ended it. */
  readonly ended: Locator
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
    this.quickConnect = main.getByRole('button', { name: 'Quick connect' })
    this.disconnect = main.getByRole('button', { name: 'Disconnect', exact: true })
    this.cancel = main.getByRole('button', { name: 'Cancel' })
    this.offers = main.getByRole('list', { name: 'Offers' }).getByRole('listitem')
    this.search = main.getByRole('searchbox', { name: 'Search country or provider' })
    this.map = main.getByRole('img', { name: /^World map/ })
    this.steps = main.getByRole('listitem').filter({ hasText: /done|in progress|waiting/ })
    this.failure = main.getByRole('alert')
    this.ended = main.getByRole('status').filter({ hasText: /You disconnected|You cancelled/ })
    this.tryNext = main.getByRole('button', { name: 'Try the next one' })
    this.tryAgain = main.getByRole('button', { name: 'Try again' })
    this.restore = main.getByRole('button', { name: 'Restore internet' })
    this.dialog = page.getByRole('dialog')
    this.chart = main.getByRole('img', { name: 'Traffic in the last two minutes' })
  }

  /** The state as the screen says it. */
  state(words: ConnectionWords): Locator {
    return this.page.getByRole('main').getByRole('heading', { name: words, level: 1, exact: true })
  }

  filter(name: 'Country' | 'Service type' | 'Metering unit' | 'Order'): Locator {
    return this.page.getByRole('combobox', { name, exact: true })
  }

  /** Offers of one provider (its whole identifier, shown in short). */
  offerOf(provider: string): Locator {
    return this.offers.filter({ has: this.page.getByTitle(provider, { exact: true }) })
  }

  async confirm(): Promise<void> {
    await this.dialog.getByRole('button', { name: 'Connect' }).click()
  }

  async connectTo(provider: string): Promise<void> {
    await this.offerOf(provider)
      .getByRole('button', { name: /^Connect to/ })
      .first()
      .click()
    await this.confirm()
  }

  /** A figure of the live session by its label, such as "Cost so far" or "Paid ahead". */
  figure(label: string): Locator {
    return this.page.getByRole('main').getByText(label, { exact: true }).locator('xpath=following-sibling::*[1]')
  }

  /** What both sides counted: the row "By you" or "By the provider", its cells down then up. */
  measured(by: 'By you' | 'By the provider'): Locator {
    return this.page.getByRole('row', { name: by }).getByRole('cell')
  }

  /** What the question before paying says, by its labels. */
  async terms(): Promise<Record<string, string>> {
    const rows = await this.dialog.locator('dl > div').all()
    const pairs = rows.map(async (row) => [await plain(row.locator('dt')), await plain(row.locator('dd'))] as const)
    return Object.fromEntries(await Promise.all(pairs))
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
          const value = element.nextElementSibling?.textContent?.replaceAll('\u00a0', ' ')
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

async function plain(locator: Locator): Promise<string> {
  return ((await locator.textContent()) ?? '').replaceAll('\u00a0', ' ')
}
