import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { MystError } from '#shared/errors/myst-error.ts'

/** Bytes, as the contract takes them. */
const MAX_KEYSTORE = 16_384

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

/** From anywhere, so it may be readable by others; what it holds is checked by who takes it. */
export function readKeystore(file: string): string {
  try {
    if (statSync(file).size <= MAX_KEYSTORE) return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MystError('KeystoreUnreadable', `The file ${file} cannot be read.`, { cause })
  }
  throw new MystError('KeystoreForeign', `The file ${file} is too large to be a keystore; choose a backup.`)
}
