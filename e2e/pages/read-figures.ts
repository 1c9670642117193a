import type { Locator, Page } from 'playwright-core'
import { decimalSign } from '../../src-renderer/messages/format.ts'
import { parseMyst } from '../../src-shared/model/units.ts'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** An amount with every digit: the page shows a short form and keeps the whole one in its title. */
export async function exactMyst(figure: Locator): Promise<bigint> {
  const title = (await figure.locator('xpath=descendant-or-self::*[@title]').first().getAttribute('title')) ?? ''
  return parseMyst(title.replace(/\s*MYST$/, '').replace(decimalSign(), '.'))
}

/** Every "95.4 MiB" in the text of these elements, in order, as bytes. Written without groups: 1,000 MiB are 0.97 GiB. */
export async function bytesShown(figures: Locator): Promise<number[]> {
  const text = (await figures.allTextContents()).join(' ')
  return [...text.matchAll(/([\d.,]+)\s(B|[KMGT]iB)/g)].map(
    ([, figure = '', unit = '']) => Number(figure.replace(decimalSign(), '.')) * 1024 ** UNITS.indexOf(unit),
  )
}

/** The whole identifier of who this page's node is. */
export async function ownId({ page }: { page: Page }): Promise<string> {
  return (await page.getByRole('link').getByTitle(/^0x/).first().getAttribute('title')) ?? ''
}
