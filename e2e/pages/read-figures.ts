import type { Locator } from 'playwright-core'
import { parseMyst } from '../../src-shared/model/units.ts'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** An amount with every digit: the page shows a short form and keeps the whole one in its title. */
export async function exactMyst(figure: Locator): Promise<bigint> {
  const title = (await figure.locator('xpath=descendant-or-self::*[@title]').first().getAttribute('title')) ?? ''
  return parseMyst(title.replace(/\s*MYST$/, ''))
}

/** Every "95.4 MiB" in the text of these elements, in order, as bytes. */
export async function bytesShown(figures: Locator): Promise<number[]> {
  const text = (await figures.allTextContents()).join(' ')
  return [...text.matchAll(/([\d.,]+)\s(B|[KMGT]iB)/g)].map(
    ([, figure = '', unit = '']) => Number(figure.replaceAll(',', '')) * 1024 ** UNITS.indexOf(unit),
  )
}
