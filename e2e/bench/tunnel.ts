import { parseArgs } from 'node:util'
import { createLab, type Lab } from '../lab/lab.ts'
import type { Line } from '../lab/line-process.ts'
import { type HandOpenVpn, startHandOpenVpn } from './hand-openvpn.ts'
import { keep, median, range, row, sayIfBusy } from './report.ts'

/**
 * The app's tunnel against OpenVPN set up by hand, on the same hosts, in alternation, with the same
 * transfer. Throughput: the app's over the hand's. Time to first byte: from Connect (from starting
 * openvpn, by hand) to the first byte of an answer from the internet.
 */
type Round = { upMs: number; firstByteMs: number; mbps: number; steps: { step: string; durationMs: number }[] }
type Tunnel = { upMs: number; steps: Round['steps']; down(): Promise<unknown> }

const GOAL = 0.95

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
    const connectApp = await startApp(lab)
    const byHand = await startHandOpenVpn(lab)
    for (let round = 1; round <= rounds; round++) {
      none.push((await download(lab, megabytes)).mbps)
      // Taking turns at going first: what the machine does besides must not favour one of them.
      const byHandFirst = round % 2 === 1
      if (byHandFirst) hand.push(await measure(lab, megabytes, () => connectByHand(byHand)))
      app.push(await measure(lab, megabytes, connectApp))
      if (!byHandFirst) hand.push(await measure(lab, megabytes, () => connectByHand(byHand)))
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

/** A provider that shares, a consumer that can pay; resolves with a way to connect. */
async function startApp(lab: Lab): Promise<() => Promise<Tunnel>> {
  await lab.startNetwork()
  await lab.prepareIdentity('provider', 'provider', 0)
  await lab.prepareIdentity('consumer', 'consumer', 100)
  // No limit of its own and a price that never ends a session: the tunnel is what is measured.
  const terms = ['--price', '0.01', '--unit', 'GiB', '--country', 'DE', '--bandwidth', '100000']
  const provider = lab.myst('provider', 'provider', ['provide', '--service', 'openvpn', ...terms])
  const announced = await provider.until(
    'announcement',
    ({ event, state }) => event === 'service' && state === 'announced',
  )
  const target = `${announced.provider}/${announced.serial}`

  return async () => {
    const consumer = lab.myst('consumer', 'consumer', ['connect', target])
    const first = await consumer.until('first step', ({ state }) => state === 'connecting')
    const connected = await consumer.until('connection', ({ state }) => state === 'connected')
    return {
      upMs: Date.parse(String(connected.at)) - Date.parse(String(first.at)),
      steps: stepsOf(connected),
      down: () => consumer.stop(),
    }
  }
}

function stepsOf(line: Line): Round['steps'] {
  return Array.isArray(line.steps) ? (line.steps as Round['steps']) : []
}

async function connectByHand(byHand: HandOpenVpn): Promise<Tunnel> {
  const tunnel = await byHand.connect()
  return { ...tunnel, steps: [] }
}

async function measure(lab: Lab, megabytes: number, connect: () => Promise<Tunnel>): Promise<Round> {
  const { upMs, steps, down } = await connect()
  const caller = await lab.transfer('consumer', { url: `${internet(lab)}/ip` })
  if (caller.text !== lab.hosts.host('provider').address) throw new Error(`the tunnel is not used: ${caller.text}`)
  const { mbps } = await download(lab, megabytes)
  await down()
  return { upMs, steps, firstByteMs: caller.firstByteMs, mbps }
}

async function download(lab: Lab, megabytes: number): Promise<{ mbps: number }> {
  const bytes = megabytes * 1_000_000
  const got = await lab.transfer('consumer', { url: `${internet(lab)}/bytes/${bytes}`, timeoutMs: 180_000 })
  if (got.bytes !== bytes) throw new Error(`${got.bytes} of ${bytes} bytes came`)
  return { mbps: (bytes * 8) / 1000 / (got.totalMs - got.firstByteMs) }
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
  const throughput = { none: median(none), hand: median(hand.map(mbpsOf)), app: median(app.map(mbpsOf)) }
  const firstByte = { hand: median(hand.map(firstByteOf)), app: median(app.map(firstByteOf)) }
  const throughputRatio = throughput.app / throughput.hand
  const firstByteRatio = firstByte.app / firstByte.hand
  const steps = (app[0]?.steps ?? []).map(({ step }) => {
    const ms = median(app.map((round) => round.steps.find((one) => one.step === step)?.durationMs ?? 0))
    return { step, ms, share: ms / firstByte.app }
  })
  const request = median(app.map((round) => round.firstByteMs))
  const rest = firstByte.app - request - steps.reduce((sum, { ms }) => sum + ms, 0)
  const all = [
    ...steps,
    ...[['first request', request] as const, ['between the steps', rest] as const].map(([step, ms]) => ({
      step,
      ms,
      share: ms / firstByte.app,
    })),
  ]

  const lines = [
    '',
    `${rounds} rounds in alternation, ${megabytes} MB each; medians`,
    row('', 'no tunnel', 'by hand', 'app', 'app/hand'),
    row(
      'throughput, Mbit/s',
      throughput.none.toFixed(0),
      throughput.hand.toFixed(0),
      throughput.app.toFixed(0),
      throughputRatio.toFixed(3),
    ),
    row('  lowest to highest', range(none), range(hand.map(mbpsOf)), range(app.map(mbpsOf))),
    row(
      'Connect to first byte, ms',
      '',
      firstByte.hand.toFixed(0),
      firstByte.app.toFixed(0),
      firstByteRatio.toFixed(1),
    ),
    row('  lowest to highest', '', range(hand.map(firstByteOf)), range(app.map(firstByteOf))),
    '',
    ...all.map(({ step, ms, share }) => row(`  ${step}`, '', '', ms.toFixed(0), `${(share * 100).toFixed(0)} %`)),
    '',
    `throughput ratio ${throughputRatio.toFixed(3)}: ${throughputRatio >= GOAL ? 'reaches' : 'misses'} the goal of ${GOAL}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)

  keep('tunnel', { goal: GOAL, throughput, throughputRatio, firstByte, firstByteRatio, steps: all, ...result })
}

const mbpsOf = (round: Round) => round.mbps
const firstByteOf = (round: Round) => round.upMs + round.firstByteMs
