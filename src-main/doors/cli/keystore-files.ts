import { readFileSync, writeFileSync } from 'node:fs'
import { MystError } from '#shared/errors/myst-error.ts'

/** Never over another file: it may be the only copy of something. */
export function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    throw new MystError(
      'FileNotWritten',
      exists ? `${file} exists already; choose another name.` : `${file} cannot be written.`,
      { cause },
    )
  }
}

export function readKeystore(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MystError('KeystoreUnreadable', `The file ${file} cannot be read.`, { cause })
  }
}
