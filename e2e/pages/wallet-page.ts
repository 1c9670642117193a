import type { Locator, Page } from 'playwright-core'

export class WalletPage {
  readonly page: Page
  readonly faucet: Locator
  readonly promises: Locator
  readonly history: Locator

  constructor(page: Page) {
    this.page = page
    this.faucet = page.getByRole('button', { name: 'Get test MYST' })
    this.promises = page.getByRole('table', { name: 'Promises' }).getByRole('row')
    this.history = page.getByRole('table', { name: 'History' }).getByRole('row')
  }

  /** A figure by its label: "Balance", "Not yet deposited", "Gas", "Promised to you", "Promised by you". */
  figure(label: string): Locator {
    return this.page.getByRole('main').getByText(label, { exact: true }).locator('xpath=following-sibling::*[1]')
  }

  async deposit(amount: string): Promise<void> {
    await this.page.getByRole('main').getByRole('button', { name: 'Deposit' }).click()
    const dialog = this.page.getByRole('dialog')
    await dialog.getByLabel('Amount in MYST').fill(amount)
    await dialog.getByRole('button', { name: 'Deposit' }).click()
  }

  /** As far as what it will cost can be read. */
  async fillWithdrawal(amount: string, to: string): Promise<void> {
    await this.page.getByRole('main').getByRole('button', { name: 'Withdraw' }).click()
    const dialog = this.page.getByRole('dialog')
    await dialog.getByLabel('Amount in MYST').fill(amount)
    await dialog.getByLabel('To the address').fill(to)
  }
}
