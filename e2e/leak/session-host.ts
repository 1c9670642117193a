import { expect } from 'vitest'
import type { Hosts } from '../../src-main/node/localnet/hosts.ts'
import { createLab, LAB_PASSPHRASE, type Lab } from '../lab/lab.ts'
import type { Line, LineProcess } from '../lab/line-process.ts'
import { createTrade } from '../lab/trade.ts'
import { kill, processesOf } from './processes.ts'

const HOME = 'buyer'
const JUMPING_CLOCK = new URL('./jumping-clock.ts', import.meta.url).href
const SELLERS = { provider: 'cheap', provider2: 'dear' } as const

/** A consumer with the whole node, `myst connect`, and two providers of which either will do. */
export type SessionHost = {
  readonly hosts: Hosts
  readonly controlPorts: readonly number[]
  /** Of the first provider's OpenVPN. */
  port(): Promise<number>
  /** The connect that runs, or a new one. */
  running(): LineProcess
  /** Connected in the end; a connect that ends up blocked is killed and begun again, so often. */
  connected(): Promise<LineProcess>
  /** SIGKILL to the node; the next program that is asked must know that the network is blocked. */
  killNode(): Promise<void>
  /** The app, while the network is blocked: starts and is ended in order, and the network stays blocked. */
  appStartsAndEnds(): Promise<void>
  killProvider(): Promise<void>
  restore(): Promise<void>
  dispose(): Promise<void>
}

/** The connect came about, or was given up. */
export const isSettled = ({ state }: Line): boolean =>
  state === 'connected' || state === 'blocked' || state === 'disconnected'
/** What it said last. */
export const stateOf = (run: LineProcess) => run.lines.findLast(({ state }) => state !== undefined)?.state

export async function createSessionHost(): Promise<SessionHost> {
  const lab: Lab = await createLab()
  const trade = createTrade(lab)
  let connecting: LineProcess | undefined
  const share = (host: keyof typeof SELLERS) =>
    trade.share({ host, home: SELLERS[host] }, { services: ['openvpn'], price: '0.01', country: 'DE' })

  async function isBlocked(): Promise<void> {
    expect(await trade.buyer(HOME, 'status')).toMatchObject({ state: 'blocked', since: expect.any(String) })
  }

  async function killNode(): Promise<void> {
    if (connecting) await kill([connecting.pid])
    connecting = undefined
    await isBlocked()
  }

  function running(): LineProcess {
    const command = ['scripts/myst.mjs', '--home', lab.homeDir(HOME), '--network', lab.networkFile, '--json', 'connect']
    connecting ??= lab.start('consumer', process.execPath, command, {
      MYST_PASSPHRASE: LAB_PASSPHRASE,
      NODE_OPTIONS: `--import=${JUMPING_CLOCK}`,
    })
    return connecting
  }

  try {
    await lab.startNetwork()
    await Promise.all([
      lab.prepareIdentity('provider', SELLERS.provider, 0),
      lab.prepareIdentity('provider2', SELLERS.provider2, 0),
      lab.prepareIdentity('consumer', HOME, 50),
    ])
    let [first] = await Promise.all([share('provider'), share('provider2')])
    const network = JSON.parse(await lab.hosts.run('hub', 'cat', [lab.networkFile])) as {
      rpc: string | string[]
      brokers: string[]
    }
    const ports = [network.rpc, network.brokers].flat().map((url) => Number(new URL(url).port))
    return {
      hosts: lab.hosts,
      controlPorts: [...new Set(ports)],
      async port() {
        const sockets = await lab.hosts.run('provider', 'cat', ['/proc/net/udp', '/proc/net/udp6'])
        const bound = [...sockets.matchAll(/^ *\d+: [0-9A-F]+:([0-9A-F]{4}) /gm)].map(([, port]) =>
          Number.parseInt(port ?? '', 16),
        )
        expect(bound, 'the one UDP socket of the provider').toHaveLength(1)
        return bound[0] ?? 0
      },
      running,
      async connected() {
        for (let attempt = 0; attempt < 4; attempt++) {
          const run = running()
          if (!isSettled({ state: stateOf(run) })) await run.next('an outcome', isSettled)
          if (stateOf(run) === 'connected') return run
          await killNode()
        }
        throw new Error('No connection came about.')
      },
      killNode,
      async appStartsAndEnds() {
        const app = lab.myst('consumer', HOME, ['app'])
        await app.until('the app', ({ event }) => event === 'app')
        await app.stop()
        await isBlocked()
      },
      async killProvider() {
        await kill([...processesOf(first.pid).values()])
        first = await share('provider')
      },
      async restore() {
        await killNode()
        expect(await lab.mystDone('consumer', HOME, ['reset-network'])).toMatchObject([{ state: 'open' }])
      },
      dispose: () => lab.dispose(),
    }
  } catch (error) {
    await lab.dispose()
    throw error
  }
}
