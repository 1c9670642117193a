import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

import type { HostName, Hosts } from '../localnet/hosts.ts'

export type Frame = Record<string, unknown>

/** A part of a node on a host of its own, as a process. */
export type HostNode = {
  pid: number
  /** What it said without being asked, oldest first. */
  said: Frame[]
  /** Resolves with what the operation returned (`null` for nothing), rejects with `<name>: <message>` of its error. */
  call(operation: string, argument?: unknown): Promise<never>
}

export type HostNodes = {
  /** `under`: a program with its arguments that runs the node's, such as a tracer. */
  start(host: HostName, under?: readonly string[]): Promise<HostNode>
  /** Kills them, and waits until no helper and no OpenVPN is left on any host. */
  end(): Promise<void>
  /** Numbers of the processes on a host that have `text` in their command line. */
  find(host: HostName, text: string): Promise<number[]>
  /** Waits until neither helper nor OpenVPN runs on a host. */
  untilGone(host: HostName): Promise<void>
}

const GONE_MS = 10_000

/** A file below `src-main/node`, for an import in the text of a program. */
export const importable = (path: string) => JSON.stringify(new URL(`../${path}`, import.meta.url).href)

/**
 * The text of such a process: `program` is JavaScript that sets `operations`, whose functions are called by name with
 * one argument. It finds `privilege`, `log` and `clock`, and may `say` a frame. `first` runs before the privilege port
 * is made, whose options are the expression `options`. JSON lines lead in and out.
 */
export const nodeText = (program: string, { first = '', options = '{}' } = {}) => `
import { createInterface } from 'node:readline'
import { createPrivilege } from ${importable('network/privilege-client.ts')}
import { systemClock as clock } from ${importable('lib/clock.ts')}
import { createLogger } from ${importable('lib/logger.ts')}
${first}
const log = createLogger((line) => process.stderr.write(line + '\\n'), 'node', process.env.MYST_TEST_LOG ? 'debug' : 'error')
const privilege = createPrivilege({ log, clock }, ${options})
const say = (frame) => console.log(JSON.stringify(frame, (_, value) => typeof value === 'bigint' ? String(value) : value))
${program}
createInterface(process.stdin).on('line', async (line) => {
  const { id, operation, argument } = JSON.parse(line)
  try { say({ id, result: await operations[operation](argument) ?? null }) }
  catch (error) { say({ id, error: error.name, message: error.message }) }
})
say({ ready: process.pid })`

/** Talks to a process that runs `nodeText`, once it is ready; `where` names it in errors. */
export async function connectNode(
  child: ChildProcess,
  where: string,
): Promise<HostNode & { child: ChildProcess; kill(): Promise<void> }> {
  let isGone = false
  const gone = once(child, 'exit').then(() => {
    isGone = true
  })
  const ended = () => new Error(`the node on ${where} ended`)
  const waiting = new Map<number, { resolve(answer: Frame): void; reject(error: Error): void }>()
  const answer = (id: number) => new Promise<Frame>((resolve, reject) => waiting.set(id, { resolve, reject }))
  const said: Frame[] = []
  let nextId = 1
  const ready = answer(0)
  createInterface({ input: child.stdout as Readable }).on('line', (line) => {
    const frame = JSON.parse(line) as Frame
    const id = 'ready' in frame ? 0 : (frame.id as number | undefined)
    if (id === undefined) said.push(frame)
    else waiting.get(id)?.resolve(frame)
  })
  child.stdin?.on('error', () => undefined) // told by its end
  void gone.then(() => {
    for (const { reject } of waiting.values()) reject(ended())
  })
  return {
    child,
    pid: (await ready).ready as number,
    said,
    async call(operation, argument) {
      if (isGone) throw ended()
      const id = nextId++
      const answered = answer(id)
      child.stdin?.write(`${oneLine(JSON.stringify({ id, operation, argument }))}\n`)
      const { error, message, result } = await answered
      if (error !== undefined) throw new Error(`${String(error)}: ${String(message)}`)
      return result as never
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Numbers of the processes on a host that have `text` in their command line. */
export async function findOn(hosts: Hosts, host: HostName, text: string): Promise<number[]> {
  const pids = await hosts.run('router', 'ip', ['netns', 'pids', hosts.host(host).namespace])
  return pids
    .split('\n')
    .filter(Boolean)
    .map(Number)
    .filter((pid) => readProcess(pid, 'cmdline').includes(text))
}

/** Runs `nodeText(program)` on hosts. */
export function createHostNodes(hosts: Hosts, program: string): HostNodes {
  const running = new Set<ChildProcess>()
  const used = new Set<HostName>()
  const text = nodeText(program)
  const find = (host: HostName, what: string) => findOn(hosts, host, what)

  async function untilGone(host: HostName): Promise<void> {
    for (const end = Date.now() + GONE_MS; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const left = [...(await find(host, 'openvpn\0')), ...(await find(host, 'helper/main.ts'))]
      if (left.length === 0) return
      if (Date.now() > end) throw new Error(`a helper is still running on ${host}`)
    }
  }

  return {
    find,
    untilGone,
    async start(host, under = []) {
      used.add(host)
      const [file = '', ...args] = [...under, process.execPath, '--input-type=module', '-e', text]
      const child = hosts.exec(host, file, args, {
        stdio: ['pipe', 'pipe', 'inherit'],
        cwd: process.cwd(),
      })
      running.add(child)
      child.once('exit', () => running.delete(child))
      return connectNode(child, host)
    },
    async end() {
      const ends = [...running].map((child) => once(child, 'exit'))
      for (const child of running) child.kill('SIGKILL')
      await Promise.all(ends)
      await Promise.all([...used].map(untilGone))
    },
  }
}

/** Readline ends a line at these too. */
function oneLine(json: string): string {
  return json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/** A file below /proc; empty when the process ended in between. */
export function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}
