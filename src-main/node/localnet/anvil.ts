import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { MystError } from '#shared/errors/myst-error.ts'
import type { Logger } from '../lib/logger.ts'

export type AnvilOptions = {
  /** Address to listen on, e.g. 127.0.0.1. */
  host: string
  /** 0 = a free one. */
  port: number
  /** Seconds between blocks; without it every transaction gets a block at once. */
  blockTimeS?: number
  log: Logger
}

export type Anvil = {
  /** Where it answers, e.g. `http://127.0.0.1:41233`. */
  rpc: string
  /** Resolves when it is gone, asked to or not. */
  readonly gone: Promise<void>
  /** Ends it and waits until it is gone. May be called again. */
  stop(): Promise<void>
}

const START_MS = 20_000
const TERM_MS = 3_000

/**
 * The embedded chain of a network on one machine: the real anvil program, whose accounts are unlocked, so
 * that whoever reaches its port can spend them. It ends when this process does; on Linux also when this
 * process is killed.
 *
 * Rejects with `AnvilMissing`, `PortInUse`, `InvalidAnvilOptions` or `AnvilFailed`.
 */
export function startAnvil(options: AnvilOptions): Promise<Anvil> {
  const { host, port, blockTimeS, log } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || (blockTimeS !== undefined && !(blockTimeS > 0))) {
    const message = 'The local chain needs a port from 0 to 65535 and a block time above zero.'
    return Promise.reject(new MystError('InvalidAnvilOptions', message))
  }
  const program = findAnvil()
  if (program === undefined) {
    const message = `The local chain program (anvil) is not installed for ${process.platform} ${process.arch}.`
    return Promise.reject(new MystError('AnvilMissing', message))
  }
  // No CORS: a web page must not reach the unlocked accounts.
  const args = ['--host', host, '--port', String(port), '--no-cors']
  if (blockTimeS !== undefined) args.push('--block-time', String(blockTimeS))
  const child = spawn(...dyingWithUs(program, args), { stdio: ['ignore', 'pipe', 'pipe'], shell: false })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => {
      process.removeListener('exit', end)
      resolve()
    })
  })

  return new Promise((resolve, reject) => {
    let printed = ''
    let started = false
    const timer = setTimeout(() => fail('AnvilFailed', 'The local chain did not start in time.'), START_MS)
    const fail = (name: string, message: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new MystError(name, message, { details: { host, port } }))
    }
    const read = (chunk: Buffer) => {
      // Once it listens, what it prints (each request) is of no use to anybody, but must be read.
      if (started) return
      printed = (printed + chunk.toString('utf8')).slice(-64 * 1024)
      const listening = /^Listening on (\S+):(\d+)\s*$/m.exec(printed)
      if (!listening?.[2]) return
      started = true
      clearTimeout(timer)
      const rpc = `http://${reachable(host)}:${listening[2]}`
      log.info(`local chain at ${rpc}`)
      resolve({ rpc, gone, stop: () => stop(child, gone) })
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', (error) => fail('AnvilFailed', `The local chain could not be started: ${error.message}.`))
    child.once('close', (code) => {
      if (started) {
        log.info('local chain ended')
      } else if (/address (already )?in use|os error (98|48|10048)\b/i.test(printed)) {
        fail('PortInUse', `Port ${port} on ${host} is taken; end the program that uses it or choose another port.`)
      } else {
        // Only the reason: its banner shows private keys.
        const reason = /^Error: (.{1,200})$/m.exec(printed)?.[1] ?? `code ${code ?? 'none'}`
        fail('AnvilFailed', `The local chain ended at once (${reason}).`)
      }
    })
  })
}

async function stop(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), TERM_MS)
  await gone
  clearTimeout(timer)
}

/** The program itself, not npm's launcher, which would stay between us and it. */
function findAnvil(): string | undefined {
  const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string]
  const name = process.platform === 'win32' ? 'anvil.exe' : 'anvil'
  try {
    const of = createRequire(import.meta.url).resolve(
      `@foundry-rs/anvil-${process.platform}-${architecture}/package.json`,
    )
    // In the packed app programs lie beside the archive.
    const file = of.replace(/package\.json$/, `bin/${name}`).replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked')
    return existsSync(file) ? file : undefined
  } catch {
    return undefined
  }
}

/**
 * `setpriv` (util-linux) asks the kernel to kill the process when its parent dies, then becomes the program:
 * the process id stays, nothing stands in between. Elsewhere an orderly end of this process has to do.
 */
function dyingWithUs(program: string, args: string[]): [string, string[]] {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file))
  if (process.platform !== 'linux' || setpriv === undefined) return [program, args]
  return [setpriv, ['--pdeathsig', 'KILL', '--', program, ...args]]
}

/** The address to call when it listens on all. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
