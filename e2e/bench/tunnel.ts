import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createLab, type Lab } from '../lab/lab.ts'
import { type AppTunnel, type Step, startApp } from './app-openvpn.ts'
import { type HandTunnel, startHandOpenVpn } from './hand-openvpn.ts'
import { keep, median, range, row, sayIfBusy } from './report.ts'
import { startAsking } from './restart.ts'

/**
 * The app's tunnel, guarded and metered, against OpenVPN set up by hand, on the same hosts, in alternation, with
 * the same transfer.
 *
 * - Throughput, and what the whole machine computes for a megabyte (both ends, kernel included): app over hand.
 * - Connect to first byte: from Connect (by hand: from starting openvpn) to the first byte from the internet.
 * - Restart: OpenVPN is killed (-9); from when the app noticed to the first answer through the tunnel again. By
 *   hand it is OpenVPN's own restart (SIGUSR1), from the signal on.
 */
type Round = { upMs: number; firstByteMs: number; mbps: number; cpuMsPerMb: number; restartMs: number; steps: Step[] }
type Tunnel = { upMs: number; steps: Step[]; restart(): Promise<number>; down(): Promise<unknown> }

const GOALS = { throughput: 0.98, cpu: 1.03, restart: 2 }

export async function benchTunnel(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '5' }, megabytes: { type: 'string', default: '150' } },
  })
  const rounds = Number(values.rounds)
  const megabytes = Number(values.megabytes)
  if (!(Number.isInteger(rounds) && rounds > 0 && megabytes > 0)) throw new Error('--rounds N --megabytes N')

  const busy = sayIfBusy()
  const lab = await createLab()
  const app: Round[] = []
  const hand: Round[] = []
  const none: number[] = []
  try {
    process.stdout.write('Setting up chain, broker, provider, consumer and an OpenVPN server by hand…\n')
    const byApp = await startApp(lab)
    const byHand = await startHandOpenVpn(lab)
    const connectApp = async () => restartable(lab, await byApp.connect())
    const connectHand = async () => restartable(lab, { ...(await byHand.connect()), steps: [] })
    for (let round = 1; round <= rounds; round++) {
      none.push((await download(lab, megabytes)).mbps)
      // Taking turns at going first: what the machine does besides must not favour one of them.
      const byHandFirst = round % 2 === 1
      if (byHandFirst) hand.push(await measure(lab, megabytes, connectHand))
      app.push(await measure(lab, megabytes, connectApp))
      if (!byHandFirst) hand.push(await measure(lab, megabytes, connectHand))
      process.stdout.write(
        `round ${round}: by hand ${hand.at(-1)?.mbps.toFixed(0)} Mbit/s, app ${app.at(-1)?.mbps.toFixed(0)} Mbit/s\n`,
      )
    }
    await byHand.stop()
  } finally {
    await lab.dispose()
  }
  report({ rounds, megabytes, busy, none, hand, app })
}

async function measure(lab: Lab, megabytes: number, connect: () => Promise<Tunnel>): Promise<Round> {
  const { upMs, steps, restart, down } = await connect()
  const caller = await lab.transfer('consumer', { url: `${internet(lab)}/ip` })
  if (caller.text !== lab.hosts.host('provider').address) throw new Error(`the tunnel is not used: ${caller.text}`)
  const { mbps, cpuMsPerMb } = await download(lab, megabytes)
  const restartMs = await restart()
  await down()
  return { upMs, steps, firstByteMs: caller.firstByteMs, mbps, cpuMsPerMb, restartMs }
}

/** `breakIt` resolves with the moment from which the restart counts, once the tunnel is up again. */
function restartable(lab: Lab, tunnel: { steps: Step[] } & (AppTunnel | HandTunnel)): Tunnel {
  return {
    ...tunnel,
    async restart() {
      const asking = await startAsking(lab, `${internet(lab)}/ip`)
      try {
        const sinceMs = await tunnel.breakIt()
        return (await asking.answerFrom(lab.hosts.host('provider').address, sinceMs)) - sinceMs
      } finally {
        await asking.stop()
      }
    },
  }
}

async function download(lab: Lab, megabytes: number): Promise<{ mbps: number; cpuMsPerMb: number }> {
  const bytes = megabytes * 1_000_000
  const before = busyMs()
  const got = await lab.transfer('consumer', { url: `${internet(lab)}/bytes/${bytes}`, timeoutMs: 180_000 })
  const cpuMs = busyMs() - before
  if (got.bytes !== bytes) throw new Error(`${got.bytes} of ${bytes} bytes came`)
  return { mbps: (bytes * 8) / 1000 / (got.totalMs - got.firstByteMs), cpuMsPerMb: cpuMs / megabytes }
}

/** What all processors of this machine worked since it began, in milliseconds of one of them (proc(5), ticks of 10 ms). */
function busyMs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
  )
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softirq) * 10
}

const internet = (lab: Lab) => `http://${lab.hosts.host('internet').address}`

function report(result: {
  rounds: number
  megabytes: number
  busy: number
  none: number[]
  hand: Round[]
  app: Round[]
}): void {
  const { rounds, megabytes, none, hand, app } = result
  const medians = (of: (round: Round) => number) => {
    const [byHand, byApp] = [median(hand.map(of)), median(app.map(of))]
    return { hand: byHand, app: byApp, ratio: byApp / byHand }
  }
  const throughput = medians((round) => round.mbps)
  const cpu = medians((round) => round.cpuMsPerMb)
  const restart = medians((round) => round.restartMs)
  const firstByte = medians(firstByteOf)
  const steps = stepsOf(app, firstByte.app)
  const lines = (
    name: string,
    { hand: byHand, app: byApp, ratio }: typeof cpu,
    of: (round: Round) => number,
    digits = 0,
  ) => [
    row(name, '', byHand.toFixed(digits), byApp.toFixed(digits), ratio.toFixed(3)),
    row('  lowest to highest', '', range(hand.map(of)), range(app.map(of))),
  ]
  const verdict = (name: string, reached: boolean, goal: string) =>
    `${name} ${reached ? 'reaches' : 'misses'} the goal of ${goal}`

  const text = [
    '',
    `${rounds} rounds in alternation, ${megabytes} MB each; medians`,
    row('', 'no tunnel', 'by hand', 'app', 'app/hand'),
    row('without a tunnel, Mbit/s', median(none).toFixed(0)),
    ...lines('throughput, Mbit/s', throughput, (round) => round.mbps),
    ...lines('processor, ms per MB', cpu, (round) => round.cpuMsPerMb, 2),
    ...lines('restart, ms', restart, (round) => round.restartMs),
    ...lines('Connect to first byte, ms', firstByte, firstByteOf),
    '',
    ...steps.map(({ step, ms, share }) => row(`  ${step}`, '', '', ms.toFixed(0), `${(share * 100).toFixed(0)} %`)),
    '',
    verdict(
      `throughput ${throughput.ratio.toFixed(3)}`,
      throughput.ratio >= GOALS.throughput,
      `at least ${GOALS.throughput}`,
    ),
    verdict(`processor ${cpu.ratio.toFixed(3)}`, cpu.ratio <= GOALS.cpu, `at most ${GOALS.cpu}`),
    verdict(`restart ${restart.ratio.toFixed(3)}`, restart.ratio <= GOALS.restart, `at most ${GOALS.restart}`),
  ]
  process.stdout.write(`${text.join('\n')}\n`)
  keep('tunnel', { goals: GOALS, throughput, cpu, restart, firstByte, steps, ...result })
}

/** What of the way from Connect to the first byte went where; medians. */
function stepsOf(app: Round[], wholeMs: number): { step: string; ms: number; share: number }[] {
  const steps = (app[0]?.steps ?? []).map(({ step }) => {
    const ms = median(app.map((round) => round.steps.find((one) => one.step === step)?.durationMs ?? 0))
    return { step: step as string, ms }
  })
  const request = median(app.map((round) => round.firstByteMs))
  const rest = wholeMs - request - steps.reduce((sum, { ms }) => sum + ms, 0)
  return [...steps, { step: 'first request', ms: request }, { step: 'between the steps', ms: rest }].map((one) => ({
    ...one,
    share: one.ms / wholeMs,
  }))
}

const firstByteOf = (round: Round) => round.upMs + round.firstByteMs
