import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLogger } from '../../src-main/node/lib/logger.ts'
import { startHelper } from '../../src-main/node/network/start-helper.ts'

/**
 * Asks for the helper and prints how that went as a JSON line. Gives up at SIGUSR2 instead of after the time
 * that a person has in a node. Ends when the helper has ended.
 *
 *   node e2e/lab/ask-for-helper.ts [DIRECTORY]
 *
 * With a directory the helper is held up once it is root, until somebody writes a line to `go` there.
 */
const directory = process.argv[2]
const print = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`)
const log = createLogger((text) => print({ text }), 'helper', 'debug')

function heldUp(directory: string): string {
  const go = join(directory, 'go')
  const file = join(directory, 'held-up-node')
  execFileSync('/usr/bin/mkfifo', [go])
  writeFileSync(file, `#!/bin/sh\necho held up >&2\nread -r line < '${go}'\nexec '${process.execPath}' "$@"\n`, {
    mode: 0o755,
  })
  return file
}

const program = {
  helperPath: fileURLToPath(new URL('../../src-main/helper/main.ts', import.meta.url)),
  nodePath: directory === undefined ? process.execPath : heldUp(directory),
}
const limit = new AbortController()
process.once('SIGUSR2', () => limit.abort())
try {
  await startHelper(program, log, limit.signal)
  print({ event: 'started' })
} catch (error) {
  const { name, message } = error as Error
  print({ event: 'failed', name, message })
}
