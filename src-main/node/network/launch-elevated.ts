import { spawn } from 'node:child_process'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../lib/logger.ts'
import { printable } from './printable.ts'

export const PKEXEC = '/usr/bin/pkexec'

/** pkexec(1): the question was dismissed. */
const DISMISSED = 126
/** pkexec(1): not authorized, or nobody could be asked. A program of ours does not end with it. */
const NOT_AUTHORIZED = 127
const KEPT = 4_000

/**
 * Runs one program as root behind the system's password prompt: polkit's, on Linux. No shell is between, so
 * that every argument arrives as it is; of the environment pkexec leaves nothing to the program. `ended` is
 * called once: without an error after exit code 0, else with `ElevationRefused`, `NotPermitted` (nobody can
 * be asked here) or `HelperGone` (the program itself failed). When `signal` aborts, an open question is
 * taken back; a program that runs already is root's, and is not ended by it.
 */
export function launchElevated(
  [file, ...args]: readonly [string, ...string[]],
  ended: (error?: MystError) => void,
  { log, signal }: { log?: Logger; signal?: AbortSignal } = {},
): void {
  // Where no desktop asks it would do so in a terminal, and leave that without echo when it is ended.
  const child = spawn(PKEXEC, ['--disable-internal-agent', file, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin', LC_ALL: 'C' },
    cwd: '/',
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT)
    log?.debug(printable(text))
  })

  let isOver = false
  const end = (error?: MystError) => {
    if (isOver) return
    isOver = true
    signal?.removeEventListener('abort', withdraw)
    ended(error)
  }
  const withdraw = () => {
    // Until the password was given the process is the user's own, and polkit closes the question with it.
    if (child.kill()) end(refused('The password was not given in time; try again to be asked again.'))
  }
  child.once('close', (code) => end(errorOf(code, said)))
  child.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.syscall === 'kill') return
    end(notPermitted('The program pkexec, which asks for the password, could not be started', { cause }))
  })
  signal?.addEventListener('abort', withdraw)
  if (signal?.aborted) withdraw()
}

function errorOf(code: number | null, said: string): MystError | undefined {
  if (code === 0) return undefined
  if (code === DISMISSED || (code === NOT_AUTHORIZED && said.includes('Not authorized'))) {
    return refused('The permission to change the network was not given.')
  }
  if (code !== NOT_AUTHORIZED) return new MystError('HelperGone', 'The helper program ended; see the log.')
  return said.includes('No authentication agent')
    ? notPermitted('Nothing here can ask for a password, as a desktop does')
    : notPermitted('The system service that asks for a password (polkit) does not work here')
}

function refused(message: string): MystError {
  return new MystError('ElevationRefused', message)
}

function notPermitted(why: string, options?: { cause: unknown }): MystError {
  return new MystError('NotPermitted', `${why}; run myst as root instead.`, options)
}
