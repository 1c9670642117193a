import { redact } from '#shared/errors/myst-error.ts'
import { plainText } from '#shared/model/plain-text.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'
const ORDER = { debug: 0, info: 1, warn: 2, error: 3 }
const KEPT_LINES = 200
const KEPT_CHARACTERS = 1_000

export type Logger = {
  [level in Level]: (message: string) => void
} & {
  /** A logger that names its part. */
  of(part: string): Logger
  /** The last lines from `info` on, of all parts, written or not; oldest first, each one line of plain text. */
  last(): readonly string[]
}

/** Lines to `write`, with time, level and part; what looks like a secret is cut out. */
export function createLogger(write: (line: string) => void, part = 'node', minimum: Level = 'info'): Logger {
  const kept: string[] = []
  const say = (level: Level, part: string, message: string) => {
    const line = `${new Date().toISOString()} ${level} ${part}: ${redact(message)}`
    if (ORDER[level] >= ORDER.info && kept.push(plainText(line, KEPT_CHARACTERS)) > KEPT_LINES) kept.shift()
    if (ORDER[level] >= ORDER[minimum]) write(line)
  }
  const of = (part: string): Logger => ({
    debug: (message) => say('debug', part, message),
    info: (message) => say('info', part, message),
    warn: (message) => say('warn', part, message),
    error: (message) => say('error', part, message),
    of,
    last: () => kept,
  })
  return of(part)
}

export const silentLogger: Logger = createLogger(() => undefined)
