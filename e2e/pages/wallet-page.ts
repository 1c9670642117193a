import type { Locator, Page } from 'playwright-core'
import { m } from '../../src-renderer/messages/index.ts'

export class WalletPage {
  readonly page: Page
  readonly promises: Locator
  readonly history: Locator

  constructor(page: Page) {
    this.page = page
    this.promises = page.getByRole('table', { name: m.wallet.promises }).getByRole('row')
    this.history = page.getByRole('table', { name: m.wallet.history }).getByRole('row')
  }

  figure(label: 'balance' | 'undeposited' | 'gas' | 'receivable' | 'payable'): Locator {
    return this.page
      .getByRole('main')
      .getByText(m.wallet[label], { exact: true })
      .locator('xpath=following-sibling::*[1]')
  }

  async deposit(amount: string): Promise<void> {
    await this.page.getByRole('main').getByRole('button', { name: m.wallet.deposit }).click()
    const dialog = this.page.getByRole('dialog')
    await dialog.getByLabel(m.wallet.amount).fill(amount)
    await dialog.getByRole('button', { name: m.wallet.deposit }).click()
  }

  /** As far as what it will cost can be read. */
  async fillWithdrawal(amount: string, to: string): Promise<void> {
    await this.page.getByRole('main').getByRole('button', { name: m.wallet.withdraw }).click()
    const dialog = this.page.getByRole('dialog')
    await dialog.getByLabel(m.wallet.amount).fill(amount)
    await dialog.getByLabel(m.wallet.to).fill(to)
  }
}
