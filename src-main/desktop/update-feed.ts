import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AppUpdater } from 'electron-updater'

/** The updater, where a feed is configured that it may be taken from. */
export async function openUpdater(): Promise<AppUpdater | undefined> {
  if (!isFeed(join(process.resourcesPath ?? '', 'app-update.yml'))) return undefined
  const { default: electronUpdater } = await import('electron-updater')
  return electronUpdater.autoUpdater
}

/**
 * Whether `file`, into which electron-builder writes the feed's address (`publish` in electron-builder.yml), is there
 * and names https alone: the checksums of updates come from the feed itself.
 */
export function isFeed(file: string): boolean {
  if (!existsSync(file)) return false
  const addresses = [...readFileSync(file, 'utf8').matchAll(/\b[a-z][a-z0-9+.-]*:\/\/\S*/gi)]
  return addresses.every(([address]) => /^https:\/\//i.test(address))
}
