import type { Locator, Page } from 'playwright-core'
import { m } from '../../src-renderer/messages/index.ts'

export class ActivityPage {
  readonly page: Page
  readonly empty: Locator

  constructor(page: Page) {
    this.page = page
    this.empty = page.getByText(m.activity.none)
  }

  sessions(role: keyof typeof m.activity.roles): Locator {
    return this.page.getByRole('main').getByRole('listitem').filter({ hasText: m.activity.roles[role] })
  }
}
