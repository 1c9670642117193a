import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HostName } from '../../src-main/node/localnet/hosts.ts'
import type { Lab } from './lab.ts'
import { type Line, type LineProcess, readLines } from './line-process.ts'

/**
 * A host of the lab as the machine of an ordinary user, with the system's real password prompt: a system bus,
 * polkit on it, pkexec, and an agent that asks (`polkit-agent.ts`). All of that, the user and the password
 * exist in a mount namespace only, which ends with the lab; the machine's own files and bus are not touched.
 */
export type Desk = {
  /** The user's home, where its programs see it and where this process does. */
  readonly home: { readonly inside: string; readonly outside: string }
  /** Starts `myst --json` as the user. */
  myst(args: readonly string[], options?: Start): LineProcess
  /** Runs it to its end; rejects when it fails. */
  mystDone(args: readonly string[]): Promise<readonly Line[]>
  /** Starts `myst --json` with an agent that would ask the user, which is there before it begins. */
  mystAsking(args: readonly string[]): Promise<{ running: LineProcess; agent: Agent }>
  /** Starts a program of the checkout, of that path, in the same way. */
  programAsking(file: string, args: readonly string[]): Promise<{ running: LineProcess; agent: Agent }>
}

export type Agent = {
  /** How often it was asked for a password so far. */
  asked(): number
  /** Resolves with the next question, also of one that was asked before this call and not awaited yet. */
  question(): Promise<Line>
  type(password: string): void
  dismiss(): void
  /** Resolves when the question was taken back. */
  withdrawn(): Promise<Line>
}

type Start = { without?: 'bus' }

export const PASSWORD = 'open sesame'
export const USER = { name: 'mystuser', id: 61_234 } as const
/** crypt(5) of the password above. */
const SHADOW = '$6$mysterium$r3P6i5NkJh31GJIfBpPpzjp44fGynyODAb6TBGGpbqOnkoWZd88S/x3jq5w17sckBdcYSeQEgxzp2BUNBCy0F/'

const NEEDED = [
  '/usr/bin/pkexec',
  '/usr/lib/polkit-1/polkitd',
  '/usr/bin/dbus-daemon',
  '/usr/lib/dbus-1.0/dbus-daemon-launch-helper',
]
const PASSPHRASE = 'correct horse battery staple'
const checkout = fileURLToPath(new URL('../..', import.meta.url))

/** What is missing for a desk on this machine, as a sentence, or undefined when nothing is. */
export function whyNoDesk(): string | undefined {
  const missing = NEEDED.find((file) => !existsSync(file))
  return missing === undefined ? undefined : `${missing} is missing (Debian package pkexec and what it needs).`
}

/**
 * In a mount namespace of its own: `$1` directory of the lab, hidden here by a disk that the user can read, `$2`
 * checkout, which gets a path with a space there. Ends as the bus, which starts polkit when it is first asked for.
 */
const SET_UP = `set -eu
network=$(cat "$1/network.json")
mount -t tmpfs -o mode=755 tmpfs "$1"
cd "$1"
printf '%s' "$network" > network.json
mkdir etc home 'Mysterium Desktop'
chown ${USER.id}:${USER.id} home
mount --rbind "$2" 'Mysterium Desktop'
mkdir -p 'Mysterium Desktop/out/compile-cache'
mount -t tmpfs -o mode=1777 tmpfs 'Mysterium Desktop/out/compile-cache' # the user cannot write to the checkout's
cp -p /etc/passwd /etc/group /etc/shadow etc
sed -i 's/^\\(sudo:[^:]*:[^:]*:\\).*/\\1${USER.name}/' etc/group
echo '${USER.name}:x:${USER.id}:${USER.id}::/:/bin/sh' >> etc/passwd
echo '${USER.name}:x:${USER.id}:' >> etc/group
echo '${USER.name}:${SHADOW}:19000:0:99999:7:::' >> etc/shadow
for file in passwd group shadow; do mount --bind etc/$file /etc/$file; done
mkdir -p /run/dbus
mount -t tmpfs -o mode=755 tmpfs /run/dbus
mount -t tmpfs -o mode=755 tmpfs /etc/polkit-1/rules.d
exec dbus-daemon --system --nofork --nopidfile --nosyslog --print-address`

/** To be called once the lab's network is up. */
export async function openDesk(lab: Lab, host: HostName): Promise<Desk> {
  const bus = lab.start(host, 'unshare', [
    ...['--mount', '--propagation', 'private', 'sh', '-c', SET_UP, 'sh', lab.dir, checkout],
  ])
  await bus.until('the system bus', ({ text }) => String(text).startsWith('unix:path='), 10_000)
  const home = join(lab.dir, 'home')
  const inside = (...path: string[]) => join(lab.dir, 'Mysterium Desktop', ...path)
  const node = inside('node_modules/.bin/node')
  let started = 0

  /** `gated`: begins when a line comes on its standard input. Its process is the program's own then. */
  const start = (command: readonly string[], { without, gated }: Start & { gated?: boolean } = {}) => {
    const gate = gated ? ['sh', '-c', 'read -r line; exec "$@" < /dev/null', 'sh'] : []
    const user = ['setpriv', '--reuid', USER.name, '--regid', USER.name, '--init-groups', ...gate, ...command]
    const hidden = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs tmpfs /run/dbus; exec "$@"', 'sh']
    const args = ['--target', String(bus.pid), '--mount', ...(without === 'bus' ? hidden : []), ...user]
    const child = lab.hosts.exec(host, 'nsenter', args, {
      stdio: 'pipe',
      env: {
        PATH: '/usr/bin:/bin',
        HOME: home,
        USER: USER.name,
        MYST_PASSPHRASE: PASSPHRASE,
        // What a program of root's must not take from its caller.
        NODE_OPTIONS: '--title=set-by-the-user',
      },
    })
    const logFile = join(lab.dir, `desk-${String(started++).padStart(3, '0')}.log`)
    const running = readLines(child, command.slice(1).join(' ').replaceAll(lab.dir, ''), logFile)
    return { running, say: (line: object) => void child.stdin?.write(`${JSON.stringify(line)}\n`) }
  }
  const mystCommand = (args: readonly string[]) => [
    ...[node, inside('scripts/myst.mjs'), '--home', join(home, 'myst')],
    ...['--network', join(lab.dir, 'network.json'), '--json', ...args],
  ]

  const asking = async (command: readonly string[]) => {
    const { running, say: open } = start(command, { gated: true })
    const agent = start([node, inside('e2e/lab/polkit-agent.ts'), String(running.pid)])
    await agent.running.until('the agent', ({ event }) => event === 'registered', 20_000)
    open({})
    return { running, agent: createAgent(agent.running, agent.say) }
  }

  return {
    home: { inside: home, outside: `/proc/${bus.pid}/root${home}` },
    myst: (args, options) => start(mystCommand(args), options).running,
    async mystDone(args) {
      const { running } = start(mystCommand(args))
      const { code, stderr } = await running.exited
      if (code !== 0) throw new Error(`myst ${args.join(' ')} ended with ${code}: ${stderr.trim()}`)
      return running.lines
    },
    mystAsking: (args) => asking(mystCommand(args)),
    programAsking: (file, args) => asking([node, inside(file), ...args]),
  }
}

function createAgent({ lines, until, next }: LineProcess, say: (line: object) => void): Agent {
  let awaited = 0
  const questions = () => lines.filter(({ event }) => event === 'asked')
  return {
    asked: () => questions().length,
    async question() {
      const open = questions()[awaited++]
      return open ?? next('a question', ({ event }) => event === 'asked')
    },
    type: (password) => say({ password }),
    dismiss: () => say({}),
    withdrawn: () => until('the question to be taken back', ({ event }) => event === 'withdrawn'),
  }
}
