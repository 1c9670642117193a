import { redact } from '#shared/errors/myst-error.ts'

export type Logger = {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
  /** A logger that names its part. */
  of(part: string): Logger
}

/** Lines to `write`, with time, level and part; what looks like a secret is cut out. */
export function createLogger(
  write: (line: string) => void,
  part = 'node',
  minimum: 'debug' | 'info' | 'warn' | 'error' = 'info',
): Logger {
  const order = { debug: 0, info: 1, warn: 2, error: 3 }
  const at = (level: keyof typeof order) => (message: string) => {
    if (order[level] >= order[minimum]) write(`${new Date().toISOString()} ${level} ${part}: ${redact(message)}`)
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    of: (sub) => createLogger(write, sub, minimum),
  }
}

export const silentLogger: Logger = createLogger(() => undefined)
