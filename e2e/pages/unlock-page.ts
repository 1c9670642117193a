import type { Locator, Page } from 'playwright-core'

export class UnlockPage {
  readonly title: Locator
  readonly passphrase: Locator
  readonly submit: Locator
  readonly lookAround: Locator
  readonly error: Locator

  constructor(page: Page) {
    this.title = page.getByRole('heading', { name: 'Welcome back' })
    this.passphrase = page.getByLabel('Passphrase', { exact: true })
    this.submit = page.getByRole('button', { name: 'Unlock', exact: true })
    this.lookAround = page.getByRole('button', { name: 'Look around without unlocking' })
    this.error = page.getByRole('alert')
  }

  async unlock(passphrase: string): Promise<void> {
    await this.passphrase.fill(passphrase)
    await this.submit.click()
  }
}
