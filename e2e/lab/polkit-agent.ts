import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type Message, openBus, type Value } from './dbus.ts'

/**
 * The window that asks for a password, without the window: an authentication agent of polkit for one
 * process, run as that process's user.
 *
 *   node e2e/lab/polkit-agent.ts PID
 *
 * Prints a JSON line `{"event":…}` for each: `registered`; `asked`, with the message a person would read;
 * `withdrawn`, when the question was taken back; `answered`, with whether the password was right. Each line
 * on standard input answers the question that is open: `{"password":…}`, or `{}` to dismiss it.
 */
const AUTHORITY = 'org.freedesktop.PolicyKit1.Authority'
const CANCELLED = 'org.freedesktop.PolicyKit1.Error.Cancelled'
const FAILED = 'org.freedesktop.PolicyKit1.Error.Failed'
const PASSWORD_CHECKERS = ['/usr/lib/polkit-1/polkit-agent-helper-1', '/usr/libexec/polkit-agent-helper-1']

const print = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`)
let question: { call: Message; cookie: string } | undefined

const bus = await openBus('/run/dbus/system_bus_socket', (call) => {
  if (call.member === 'BeginAuthentication') {
    const [action, message, , , cookie] = call.body
    question = { call, cookie: String(cookie) }
    return print({ event: 'asked', action: String(action), message: String(message) })
  }
  if (call.member === 'CancelAuthentication') {
    if (question) bus.answer(question.call, { errorName: CANCELLED, text: 'withdrawn' })
    question = undefined
    print({ event: 'withdrawn' })
  }
  bus.answer(call, { signature: '', body: [] })
})

const pid = Number(process.argv[2])
const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
const startTime = BigInt(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 0)
const subject: Value = [
  'unix-process',
  [
    ['pid', { signature: 'u', value: pid }],
    ['start-time', { signature: 't', value: startTime }],
  ],
]
await bus.call({
  destination: 'org.freedesktop.PolicyKit1',
  path: '/org/freedesktop/PolicyKit1/Authority',
  interface: AUTHORITY,
  member: 'RegisterAuthenticationAgent',
  signature: '(sa{sv})ss',
  body: [subject, 'C', '/agent'],
})
print({ event: 'registered' })

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { password } = JSON.parse(line) as { password?: string }
  const open = question
  if (!open) return
  question = undefined
  if (password === undefined) return bus.answer(open.call, { errorName: CANCELLED, text: 'dismissed' })
  const right = await check(open.cookie, password)
  print({ event: 'answered', right })
  if (right) bus.answer(open.call, { signature: '', body: [] })
  else bus.answer(open.call, { errorName: FAILED, text: 'wrong password' })
})
await bus.closed

/** polkit's own program asks PAM, and tells polkit itself when the password was right. */
function check(cookie: string, password: string): Promise<boolean> {
  const file = PASSWORD_CHECKERS.find((path) => existsSync(path)) ?? ''
  const checker = spawn(file, [process.env.USER ?? ''], { stdio: ['pipe', 'pipe', 'inherit'] })
  checker.stdin.write(`${cookie}\n`)
  return new Promise((resolve) => {
    let right = false
    createInterface({ input: checker.stdout }).on('line', (line) => {
      if (line.startsWith('PAM_PROMPT_ECHO_OFF')) checker.stdin.write(`${password}\n`)
      right ||= line === 'SUCCESS'
    })
    checker.once('close', () => resolve(right))
  })
}
