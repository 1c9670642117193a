import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DEFAULT_SETTINGS, type Settings, settings } from '#shared/contract/settings.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { writePrivateFile } from './lib/private-file.ts'

/**
 * What a person chose, in `settings.json` of the home: a file of its own, so that "Restore internet" can switch
 * lockdown off where no node starts. What is not in it is as in `DEFAULT_SETTINGS`. Throws `SettingsUnreadable`
 * when it is damaged: to forget in silence that lockdown was on would let out what shall stay in.
 */
export type SettingsFile = {
  readonly current: Settings
  /** Whole or not at all. */
  write(settings: Settings): Promise<void>
}

export function openSettingsFile(home: string): SettingsFile {
  const path = join(home, 'settings.json')
  let current = read(path)
  return {
    get current() {
      return current
    },
    async write(next) {
      await writePrivateFile(path, `${JSON.stringify(next, null, 2)}\n`)
      current = next
    },
  }
}

function read(path: string): Settings {
  try {
    const { data, error } = kept.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    if (data) return data
    throw error
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return DEFAULT_SETTINGS
    const sentence = `The settings in ${path} cannot be read; mend the file or remove it.`
    throw new MystError('SettingsUnreadable', sentence, { cause })
  }
}

const kept = z.preprocess(
  (value) => (typeof value === 'object' && value !== null ? { ...DEFAULT_SETTINGS, ...value } : value),
  settings,
)
