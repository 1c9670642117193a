import { readFileSync } from 'node:fs'
import type { Lab } from '../lab/lab.ts'
import type { Line } from '../lab/line-process.ts'

/** The app's OpenVPN in the lab: a provider that shares, a consumer that can pay. */
export type Step = { step: string; durationMs: number }
export type AppTunnel = {
  upMs: number
  steps: Step[]
  /** Kills OpenVPN (-9); resolves with the moment it was noticed, once a tunnel is up again. */
  breakIt(): Promise<number>
  down(): Promise<unknown>
}

export async function startApp(lab: Lab): Promise<{ connect(): Promise<AppTunnel> }> {
  await lab.startNetwork()
  await lab.prepareIdentity('provider', 'provider', 0)
  await lab.prepareIdentity('consumer', 'consumer', 100)
  // No limit of its own and a price that never ends a session: the tunnel is what is measured.
  const terms = ['--price', '0.01', '--unit', 'GiB', '--country', 'DE', '--bandwidth', '100000']
  const provider = lab.myst('provider', 'provider', ['provide', '--without-backup', '--service', 'openvpn', ...terms])
  const announced = await provider.until(
    'announcement',
    ({ event, state }) => event === 'service' && state === 'announced',
  )
  const target = `${announced.provider}/${announced.serial}`

  return {
    async connect() {
      const consumer = lab.myst('consumer', 'consumer', ['connect', target])
      const first = await consumer.until('first step', ({ state }) => state === 'connecting')
      const connected = await consumer.until('connection', ({ state }) => state === 'connected')
      return {
        upMs: timeOf(connected) - timeOf(first),
        steps: Array.isArray(connected.steps) ? (connected.steps as Step[]) : [],
        async breakIt() {
          const noticed = consumer.next('reconnecting', ({ state }) => state === 'reconnecting')
          const again = consumer.next('connection again', ({ state }) => state === 'connected')
          process.kill(await openVpnOf(lab), 'SIGKILL')
          await again
          return timeOf(await noticed)
        },
        down: () => consumer.stop(),
      }
    },
  }
}

const timeOf = (line: Line) => Date.parse(String(line.at))

/** The one OpenVPN on the consumer's host. */
async function openVpnOf(lab: Lab): Promise<number> {
  const pids = await lab.hosts.run('router', 'ip', ['netns', 'pids', lab.hosts.host('consumer').namespace])
  const found = pids
    .split(/\s+/)
    .filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'openvpn')
  if (found.length !== 1) throw new Error(`${found.length} OpenVPN on the consumer`)
  return Number(found[0])
}
