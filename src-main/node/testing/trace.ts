import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const STRACE = '/usr/bin/strace'
const OPEN = ['open', 'openat', 'openat2', 'creat']
const EXECUTE = ['execve', 'execveat']
const MAKE = ['mkdir', 'mkdirat', 'rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat']
const CALLS = [...OPEN, ...EXECUTE, ...MAKE, 'mknod', 'mknodat', 'memfd_create']

/** What a program and all of its descendants asked the kernel for, whether they got it or not. */
export type Trace = {
  /** Programs started: what stood as the file, and its arguments. */
  executed: { file: string; args: string[] }[]
  /** Files opened to be written, and whatever else was made or renamed. */
  written: string[]
}

export function whyNoTrace(): string | undefined {
  return existsSync(STRACE) ? undefined : 'The program strace is missing (Debian package strace).'
}

/** The command that runs another one and notes down in `file` what it does. */
export function tracer(file: string): string[] {
  const options = ['--follow-forks', '--quiet=all', '--decode-fds=path', '--string-limit=65536', '--signal=none']
  return [STRACE, ...options, `--output=${file}`, `--trace=${CALLS.join(',')}`]
}

export function readTrace(file: string): Trace {
  const trace: Trace = { executed: [], written: [] }
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, call = '', rest = ''] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? []
    // Of two calls at once one is noted down in two parts; the first has what was asked for.
    const texts = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text)
    const [, directory = '/'] = /^(?:AT_FDCWD|\d+)<([^>]*)>/.exec(rest) ?? []
    if (EXECUTE.includes(call)) trace.executed.push({ file: texts[0] ?? '', args: texts.slice(1) })
    else if (!OPEN.includes(call)) trace.written.push(...texts.map((text) => resolve(directory, text)))
    else if (call === 'creat' || /\bO_(CREAT|WRONLY|RDWR|TRUNC|APPEND|TMPFILE)\b/.test(rest))
      trace.written.push(resolve(directory, texts[0] ?? ''))
  }
  return trace
}
