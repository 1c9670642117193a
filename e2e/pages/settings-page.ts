import type { Locator, Page } from 'playwright-core'
import { m } from '../../src-renderer/messages/index.ts'

export class SettingsPage {
  readonly page: Page
  readonly localNetwork: Locator
  readonly lockdown: Locator
  readonly resolver: Locator
  readonly saveResolver: Locator
  readonly connectOnStart: Locator
  readonly theme: Locator
  readonly error: Locator

  constructor(page: Page) {
    this.page = page
    const main = page.getByRole('main')
    this.localNetwork = main.getByRole('switch', { name: m.settings.localNetwork })
    this.lockdown = main.getByRole('switch', { name: m.settings.lockdown })
    this.resolver = main.getByRole('textbox', { name: m.settings.resolver })
    this.saveResolver = main.getByRole('button', { name: m.settings.save, exact: true })
    this.connectOnStart = main.getByRole('combobox', { name: m.settings.connectOnStart })
    this.theme = main.getByRole('combobox', { name: m.settings.theme })
    this.error = main.getByRole('alert')
  }

  /** A new one, as the page shows it. */
  async linkForAnotherBrowser(): Promise<string> {
    await this.page.getByRole('main').getByRole('button', { name: m.settings.otherBrowserGo }).click()
    const dialog = this.page.getByRole('dialog')
    const link = await dialog.getByRole('textbox', { name: m.settings.otherBrowserLink }).inputValue()
    await dialog.getByRole('button', { name: m.settings.otherBrowserDone }).click()
    return link
  }

  /** Says yes to the question. */
  async lockDown(): Promise<void> {
    await this.lockdown.click()
    await this.page.getByRole('dialog').getByRole('button', { name: m.settings.lockdownGo }).click()
  }
}
