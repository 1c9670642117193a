import type { Locator, Page } from 'playwright-core'
import { m } from '../../src-renderer/messages/index.ts'

export class UnlockPage {
  readonly title: Locator
  readonly passphrase: Locator
  readonly submit: Locator
  readonly error: Locator

  constructor(page: Page) {
    this.title = page.getByRole('heading', { name: m.unlock.title })
    this.passphrase = page.getByLabel(m.unlock.passphrase, { exact: true })
    this.submit = page.getByRole('button', { name: m.unlock.unlock, exact: true })
    this.error = page.getByRole('alert')
  }

  async unlock(passphrase: string): Promise<void> {
    await this.passphrase.fill(passphrase)
    await this.submit.click()
  }
}
