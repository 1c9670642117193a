import type { Locator, Page } from 'playwright-core'

export class ActivityPage {
  readonly page: Page
  readonly empty: Locator

  constructor(page: Page) {
    this.page = page
    this.empty = page.getByText('No sessions yet')
  }

  sessions(role: 'Bought from' | 'Sold to'): Locator {
    return this.page.getByRole('main').getByRole('listitem').filter({ hasText: role })
  }

  async show(which: 'All' | 'Bought' | 'Sold'): Promise<void> {
    await this.page.getByRole('radio', { name: which }).check()
  }
}
