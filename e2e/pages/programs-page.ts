import type { Locator, Page } from 'playwright-core'
import { m } from '../../src-renderer/messages/index.ts'

/** The part of the settings about programs with a connection of their own. */
export class ProgramsPage {
  readonly page: Page
  readonly add: Locator
  readonly none: Locator
  readonly dialog: Locator
  readonly api: Locator

  constructor(page: Page) {
    this.page = page
    const main = page.getByRole('main')
    this.add = main.getByRole('button', { name: m.programs.add })
    this.none = main.getByText(m.programs.noneTitle)
    this.dialog = page.getByRole('dialog')
    this.api = main.getByRole('switch', { name: m.programs.api })
  }

  row(name: string): Locator {
    const heading = this.page.getByRole('heading', { name, level: 3, exact: true })
    return this.page.getByRole('listitem').filter({ has: heading })
  }

  /** What is said of its state, to a screen reader too. */
  state(name: string, words: string): Locator {
    return this.row(name).getByRole('status').getByText(`${name}: ${words}`)
  }

  /** The button for connecting, cancelling or disconnecting, by what it would do. */
  toggle(name: string, words: string): Locator {
    return this.row(name).getByRole('button', { name: m.programs.buttonOf(words, name), exact: true })
  }

  figure(name: string, label: 'used' | 'exit' | 'traffic' | 'proxy' | 'wishes' | 'key'): Locator {
    return this.row(name)
      .locator('dt')
      .getByText(m.programs[label], { exact: true })
      .locator('xpath=following-sibling::*[1]')
  }

  field(label: 'name' | 'budget' | 'country' | 'maxPrice' | 'port'): Locator {
    return this.dialog.getByLabel(m.programs[label], { exact: true })
  }

  /** The dialog's own. */
  press(words: string): Promise<void> {
    return this.dialog.getByRole('button', { name: words, exact: true }).click()
  }
}
