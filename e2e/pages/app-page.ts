import type { Locator, Page } from 'playwright-core'
import { m } from '../../src-renderer/messages/index.ts'
import { ActivityPage } from './activity-page.ts'
import { ConnectPage } from './connect-page.ts'
import { SettingsPage } from './settings-page.ts'
import { SetupPage } from './setup-page.ts'
import { SharePage } from './share-page.ts'
import { UnlockPage } from './unlock-page.ts'
import { WalletPage } from './wallet-page.ts'

/** The whole app as a person finds it: everything by role and accessible name. */
export class AppPage {
  readonly page: Page
  readonly navigation: Locator
  readonly lost: Locator
  readonly signedOut: Locator
  readonly setup: SetupPage
  readonly unlock: UnlockPage
  readonly connect: ConnectPage
  readonly share: SharePage
  readonly wallet: WalletPage
  readonly activity: ActivityPage
  readonly settings: SettingsPage

  constructor(page: Page) {
    this.page = page
    this.navigation = page.getByRole('navigation', { name: m.app.navigation })
    this.lost = page.getByRole('status').filter({ hasText: m.app.lost })
    this.signedOut = page.getByRole('heading', { name: m.app.signedOutTitle })
    this.setup = new SetupPage(page)
    this.unlock = new UnlockPage(page)
    this.connect = new ConnectPage(page)
    this.share = new SharePage(page)
    this.wallet = new WalletPage(page)
    this.activity = new ActivityPage(page)
    this.settings = new SettingsPage(page)
  }

  /** `address` is what the node printed, with its one-time token. */
  async open(address: string): Promise<void> {
    await this.page.goto(address)
  }

  async goTo(screen: 'connect' | 'share' | 'wallet' | 'activity' | 'settings'): Promise<void> {
    await this.navigation.getByRole('link', { name: m.app[screen] }).click()
  }
}
