import { spawn } from 'node:child_process'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../lib/logger.ts'
import { readHello } from './hello.ts'
import { connectService } from './helper-service.ts'
import { launchElevated } from './launch-elevated.ts'
import { printable } from './printable.ts'

export type HelperProgram = {
  /** The helper's entry file. */
  helperPath: string
  /** A Node that runs it; the app's own binary need not be one. */
  nodePath: string
  /** Where the helper listens if it is installed as a service, when not at its usual place. */
  servicePath?: string | undefined
}

/** A person may take a while for a password. */
const START_MS = 120_000

/**
 * Starts the helper and resolves with its connection, on which it has shown who it is (why so: see
 * `src-main/helper/caller.ts`). Directly when this process is root, else by the installed service, and
 * where there is none behind the system's password prompt. Nothing of socket and secret remains on disk.
 * After two minutes, or when `givenUp` aborts, an open prompt is taken back, and a helper that comes later
 * finds nobody and ends.
 */
export async function startHelper(program: HelperProgram, log: Logger, givenUp: AbortSignal): Promise<Socket> {
  const served = process.getuid?.() === 0 ? undefined : await connectService(program.servicePath)
  if (served) return served
  if (givenUp.aborted) throw new MystError('HelperGone', 'The helper program is not needed any more.')
  const directory = mkdtempSync(join(tmpdir(), 'myst-')) // 0700
  const secret = randomBytes(32).toString('hex')
  writeFileSync(join(directory, 'secret'), secret, { mode: 0o600, flag: 'wx' })
  const listener = createServer()
  const limit = new AbortController()
  const giveUp = () => limit.abort()
  const timer = setTimeout(giveUp, START_MS)
  givenUp.addEventListener('abort', giveUp)
  try {
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(join(directory, 'socket'), resolve)
    })
    chmodSync(join(directory, 'socket'), 0o600)
    return await new Promise<Socket>((resolve, reject) => {
      listener.on('connection', (socket) => {
        socket.on('error', () => undefined)
        void readHello(socket).then((shown) => {
          const right =
            shown?.hello.length === secret.length && timingSafeEqual(Buffer.from(shown.hello), Buffer.from(secret))
          if (!right) return void socket.destroy()
          if (!shown.error) return resolve(socket)
          socket.destroy()
          reject(new MystError(shown.error.name, shown.error.message))
        })
      })
      launch(program, directory, log, limit.signal, reject)
      // Said after a prompt that was taken back told its own reason.
      limit.signal.addEventListener('abort', () => {
        reject(new MystError('HelperGone', 'The helper program did not start in time; try again.'))
      })
    })
  } finally {
    clearTimeout(timer)
    givenUp.removeEventListener('abort', giveUp)
    listener.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** `fail` is called when the program ends; after the connection stands that changes nothing. */
function launch(
  program: HelperProgram,
  directory: string,
  log: Logger,
  limit: AbortSignal,
  fail: (error: MystError) => void,
): void {
  const user = process.getuid?.() ?? -1
  const args = [program.helperPath, '--socket', directory, '--user', String(user)]
  if (user !== 0) {
    launchElevated(
      [program.nodePath, ...args],
      (error) => fail(error ?? new MystError('HelperGone', 'The helper program ended; see the log.')),
      { log, signal: limit },
    )
    return
  }
  const child = spawn(program.nodePath, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin' },
    cwd: '/',
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => log.debug(printable(text)))
  child.once('error', (cause) =>
    fail(new MystError('HelperGone', 'The helper program could not be started.', { cause })),
  )
  child.once('exit', () => fail(new MystError('HelperGone', 'The helper program ended; see the log.')))
  // It ends with its connection; this process need not wait for it.
  child.unref()
}
