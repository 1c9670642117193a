import type { Locator, Page } from 'playwright-core'
import { m } from '../../src-renderer/messages/index.ts'

/** First run: identity, backup, registration. */
export class SetupPage {
  readonly page: Page
  readonly lookAround: Locator
  readonly later: Locator
  readonly passphrase: Locator
  readonly repeat: Locator
  readonly create: Locator
  readonly import: Locator
  readonly saveBackup: Locator
  readonly backupFile: Locator
  readonly checkBackup: Locator
  readonly fundAndRegister: Locator
  readonly done: Locator
  readonly start: Locator
  readonly error: Locator

  constructor(page: Page) {
    this.page = page
    this.lookAround = page.getByRole('button', { name: m.setup.lookAround })
    this.later = page.getByRole('button', { name: m.setup.later })
    this.passphrase = page.getByLabel(m.setup.passphrase, { exact: true })
    this.repeat = page.getByLabel(m.setup.repeat)
    this.create = page.getByRole('button', { name: m.setup.make })
    this.import = page.getByRole('button', { name: m.setup.import })
    this.saveBackup = page.getByRole('button', { name: m.setup.saveBackup })
    this.backupFile = page.getByLabel(m.setup.file)
    this.checkBackup = page.getByRole('button', { name: m.setup.prove })
    this.fundAndRegister = page.getByRole('button', { name: m.setup.fundLocal })
    this.done = page.getByRole('heading', { name: m.setup.doneTitle })
    this.start = page.getByRole('button', { name: m.setup.start, exact: true })
    this.error = page.getByRole('alert')
  }

  async createIdentity(passphrase: string): Promise<void> {
    await this.passphrase.fill(passphrase)
    await this.repeat.fill(passphrase)
    await this.create.click()
  }

  async importIdentity(keystorePath: string, passphrase: string): Promise<void> {
    await this.page.getByRole('button', { name: m.setup.importInstead }).click()
    await this.backupFile.setInputFiles(keystorePath)
    await this.passphrase.fill(passphrase)
    await this.import.click()
  }

  /** Saves the backup to `path` and proves it by opening it again. */
  async backUp(path: string, passphrase: string): Promise<void> {
    const [download] = await Promise.all([this.page.waitForEvent('download'), this.saveBackup.click()])
    await download.saveAs(path)
    await this.backupFile.setInputFiles(path)
    await this.passphrase.fill(passphrase)
    await this.checkBackup.click()
  }

  /** The whole first run on a test network, to the Connect screen. */
  async finish(options: { passphrase: string; backupPath: string }): Promise<void> {
    await this.createIdentity(options.passphrase)
    await this.backUp(options.backupPath, options.passphrase)
    await this.fundAndRegister.click()
    await this.start.click()
  }
}
