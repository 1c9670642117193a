import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { HostName, Hosts } from '../localnet/hosts.ts'
import { connectNode, findOn, nodeText } from './host-node.ts'

/** A host with a /run and a /tmp of its own, empty at first: so that what a program leaves there can be told. */
export type Machine = {
  /** Where its files are seen from outside: `<root>/run`. */
  root: string
  exec(file: string, args: readonly string[], options?: SpawnOptions): ChildProcess
  /** Runs a program to its end, as root or as somebody else; resolves with its exit code and what it printed. */
  run(file: string, args: readonly string[], as?: User): Promise<{ code: number | null; out: string; error: string }>
  /** A node's privilege port as a process of that user. */
  node(as?: User & { options?: object; umask?: number }): Promise<MachineNode>
  /** Numbers of the processes that have `text` in their command line. */
  find(text: string): Promise<number[]>
  /** Names in /run and /tmp, firewall (without what it counted), devices, rules and routes. */
  look(): Promise<Record<string, string[]>>
}

export type User = { uid?: number; gid?: number }

export type MachineNode = Awaited<ReturnType<typeof connectNode>>

const NSENTER = '/usr/bin/nsenter'
const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')
/** Where the checkout is on the machine: below /tmp it would be hidden, and below /root closed to everybody else. */
const PLACE = '/mnt'
const MOUNT = `set -e
mount --rbind "$1" "$2"
mount -t tmpfs -o mode=755 none /run
mount -t tmpfs none /tmp
chmod 1777 /tmp
rm -rf /run/mount
echo ready
exec sleep 600`

/** A path, or a program's text with paths in it, as it reads on the machine. */
export const placed = (text: string) => text.replaceAll(CHECKOUT, PLACE)

const NODE = nodeText('const operations = privilege', {
  first: `
const { uid, gid, umask, options } = JSON.parse(process.argv[1])
if (umask !== undefined) process.umask(umask)
if (uid !== undefined) { process.setgroups([]); process.setgid(gid ?? uid); process.setuid(uid) }`,
  options: 'options',
})

/** The helper's entry file, as it reads on the machine. */
export const HELPER = placed(fileURLToPath(new URL('../../helper/main.ts', import.meta.url)))
/** The text of a helper that comes when there is a file /run/go. */
export const LATE = `
import { existsSync } from 'node:fs'
while (!existsSync('/run/go')) await new Promise((resolve) => setTimeout(resolve, 20))
await import(${JSON.stringify(HELPER)})`

const AS = `
const [uid, gid, file, ...args] = process.argv.slice(1)
if (uid !== '') { process.setgroups([]); process.setgid(Number(gid || uid)); process.setuid(Number(uid)) }
process.exitCode = require('node:child_process').spawnSync(file, args, { stdio: 'inherit' }).status ?? 1`

export async function createMachine(hosts: Hosts, name: HostName): Promise<Machine> {
  const holder = hosts.exec(name, '/bin/sh', ['-c', MOUNT, 'machine', CHECKOUT, PLACE], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(holder, 'exit').then(() => Promise.reject(new Error('the machine could not be made')))
  ended.catch(() => undefined)
  await Promise.race([once(holder.stdout as Readable, 'data'), ended])
  const root = `/proc/${holder.pid}/root`

  const exec: Machine['exec'] = (file, args, options = {}) =>
    spawn(NSENTER, [`--target=${holder.pid}`, '--mount', '--net', '--', ...[file, ...args].map(placed)], options)

  const run: Machine['run'] = async (file, args, { uid, gid } = {}) => {
    const child = exec(process.execPath, ['-e', AS, String(uid ?? ''), String(gid ?? ''), file, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const texts = [child.stdout, child.stderr].map(async (stream) => {
      const parts: string[] = []
      for await (const part of (stream as Readable).setEncoding('utf8')) parts.push(String(part))
      return parts.join('')
    })
    const [[code], out = '', error = ''] = await Promise.all([once(child, 'close'), ...texts])
    return { code: code as number | null, out, error }
  }

  return {
    root,
    exec,
    run,
    node(as = {}) {
      const child = exec(process.execPath, ['--input-type=module', '-e', NODE, JSON.stringify(as)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      return connectNode(child, name)
    },
    find: (text) => findOn(hosts, name, text),
    async look() {
      const lines = async (file: string, ...args: string[]) =>
        (await hosts.run(name, file, args))
          .split('\n')
          .map((line) => line.replace(/ (expires|hoplimit|packets|bytes) \S+/g, '').trim())
      const names = (place: string) => readdirSync(`${root}/${place}`, { recursive: true }).map(String).sort()
      return {
        run: names('run'),
        tmp: names('tmp'),
        firewall: await lines('nft', 'list', 'ruleset'),
        devices: await lines('ip', '-br', 'link'),
        rules4: await lines('ip', '-4', 'rule'),
        rules6: await lines('ip', '-6', 'rule'),
        routes4: await lines('ip', '-4', 'route', 'show', 'table', 'all'),
        routes6: await lines('ip', '-6', 'route', 'show', 'table', 'all'),
      }
    },
  }
}

export async function until(good: () => Promise<boolean> | boolean, what: string): Promise<void> {
  for (const end = Date.now() + 20_000; !(await good()); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`)
  }
}
