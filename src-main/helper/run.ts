import { execFile } from 'node:child_process'

import { Failure } from './failure.ts'

/** What every child gets instead of the caller's environment. */
export const CHILD_ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

/** Runs a program to its end, without a shell. Rejects with `CommandFailed`; its own words stay in `cause`. */
export function run(file: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: 10_000, maxBuffer: 16 * 1024 * 1024, env: CHILD_ENVIRONMENT, cwd: '/' }
    const child = execFile(file, [...args], limits, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      const failure = new Failure('CommandFailed', `The command ${file} ${args[0] ?? ''} failed; see the log.`)
      failure.cause = stderr.trim() || error.message
      reject(failure)
    })
    child.stdin?.on('error', () => undefined) // it may end without reading
    child.stdin?.end(input)
  })
}
