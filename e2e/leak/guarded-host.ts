import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Hosts } from '../../src-main/node/localnet/hosts.ts'
import {
  createAuthority,
  createRequest,
  issueClient,
  issueServer,
} from '../../src-main/node/services/openvpn/certificates.ts'
import { decodePem, encodeStaticKey } from '../../src-main/node/services/openvpn/pem.ts'
import { createHostNodes, type HostNode } from '../../src-main/node/testing/host-node.ts'
import { bounceLink } from './link.ts'
import type { Strike, Victim } from './plan.ts'
import { freeze, kill, processesOf, untilGone, waitFinely } from './processes.ts'

export const PORT = 1194
export const CONTROL_PORT = 80
const NAME = 'guarded'
const HELPER = fileURLToPath(new URL('../../src-main/helper/main.ts', import.meta.url))

/** The privilege port; `tunnelDown` resolves when no tunnel is up or being made. */
const NODE = `
let isUp = false
const waiting = new Set()
privilege.onEvent(({ event, state }) => {
  if (event !== 'tunnel') return
  isUp = state !== 'down'
  if (isUp) return
  for (const done of waiting) done()
  waiting.clear()
})
const operations = { ...privilege, tunnelDown: () => isUp ? new Promise((resolve) => waiting.add(resolve)) : undefined }`

/** A consumer whose node is no more than the privilege port, and a provider with a real OpenVPN. */
export type GuardedHost = {
  /** Blocks the network for the first time. */
  block(): Promise<void>
  /** Does what the strike says and kills; resolves with who was there to be killed, when whoever is left says that it is blocked. */
  strike(strike: Strike): Promise<readonly Victim[]>
  /** Tunnel addresses of the provider that runs now. */
  tunnelAddresses(): Promise<readonly string[]>
  /** A tunnel stands, and the network says so. */
  connect(): Promise<void>
  /** Opens the network, by what needs no node. */
  restore(): Promise<void>
}

export async function createGuardedHost(hosts: Hosts): Promise<GuardedHost> {
  const authority = await createAuthority(Date.now())
  const { request, privateKey } = await createRequest()
  const der = decodePem(request, 'CERTIFICATE REQUEST')
  const certificate = der && (await issueClient(authority, der, NAME, Date.now()))
  const common = { ca: authority.certificate, tlsCrypt: encodeStaticKey(Buffer.alloc(256, 7)) }
  const server = {
    ...{ ...common, ...(await issueServer(authority, Date.now())), port: PORT, protocol: 'udp', allowMail: false },
    // The probes are many, and most are unanswered.
    ...{ maxSessions: 3, maxConnections: 50_000, newConnectionsPerSecond: 10_000 },
  }
  const address = (name: 'hub' | 'provider') => hosts.host(name).address
  const tunnel = {
    ...{ ...common, certificate, privateKey, controlAddresses: [address('hub')] },
    remotes: [{ address: address('provider'), port: PORT, protocol: 'udp' }],
  }
  const blocked = (port = CONTROL_PORT) => ({
    ...{ state: 'blocked', allowLocalNetwork: false },
    controlEndpoints: [{ address: address('hub'), port }],
  })

  const nodes = createHostNodes(hosts, NODE)
  const start = (): Promise<HostNode> => {
    const starting = nodes.start('consumer')
    starting.catch(() => undefined) // told to who waits for it
    return starting
  }
  let spare = start()
  let node: HostNode | undefined
  /** Helpers whose node was killed, and that end after it. */
  const orphans = new Set<number>()
  let provider: HostNode
  let turn = 0

  async function startProvider(): Promise<void> {
    provider = await nodes.start('provider')
    await provider.call('ensure')
    await provider.call('serverStart', server)
    await provider.call('serverAdmit', { commonName: NAME })
  }

  /** The next start finds the block before it has a helper. */
  async function running(): Promise<HostNode> {
    if (node) return node
    node = await spare
    spare = start()
    return node
  }

  /** With a helper, unless one of before is still about to end and in its way: then what is asked next fails. */
  async function ready(): Promise<HostNode> {
    const one = await running()
    await one.call('ensure').catch(() => undefined)
    return one
  }

  async function connected(): Promise<HostNode> {
    // One helper at a time has the network.
    await untilGone([...orphans])
    orphans.clear()
    const one = await running()
    await one.call('ensure')
    await one.call('tunnelStart', tunnel)
    expect(await one.call('networkState')).toMatchObject({ state: 'tunnel' })
    return one
  }

  /** Resolves when there is something to strike, with the end of what was asked: it goes wrong, or not. */
  async function begin({ phase }: Strike): Promise<{ asked: Promise<unknown> }> {
    const ask = (one: HostNode, operation: string, argument?: unknown) => ({
      asked: one.call(operation, argument).catch(() => undefined),
    })
    switch (phase) {
      case 'starting':
        return ask(await running(), 'ensure')
      case 'blocking':
        // Another table each time, so that each replaces the one before.
        return ask(await ready(), 'networkSet', blocked(CONTROL_PORT + (turn++ % 2)))
      case 'connecting':
        return ask(await ready(), 'tunnelStart', tunnel)
      case 'connected':
        await connected()
        return { asked: Promise.resolve() }
      case 'stopping':
        return ask(await connected(), 'tunnelStop')
      case 'reconnecting': {
        const one = await connected()
        await strikeDown(['openvpn'])
        await one.call('tunnelDown')
        return ask(one, 'tunnelStart', tunnel)
      }
    }
  }

  async function strikeDown(victims: readonly Victim[]): Promise<readonly Victim[]> {
    const alive = processesOf(node?.pid)
    const there = victims.filter((victim) => alive.has(victim))
    // There was no helper yet, or no OpenVPN: then the node.
    const struck: readonly Victim[] = there.length > 0 ? there : ['node']
    const helper = alive.get('helper')
    if (struck.includes('node') && helper !== undefined) orphans.add(helper)
    await kill(struck.flatMap((victim) => alive.get(victim) ?? []))
    return struck
  }

  async function bringTrouble({ trouble, troubleMs }: Strike): Promise<void> {
    if (trouble === 'link') await bounceLink(hosts, 'consumer', troubleMs)
    else if (trouble === 'provider') {
      await kill([...processesOf(provider.pid).values()])
      await wait(troubleMs)
      await nodes.untilGone('provider')
      await startProvider()
    } else if (trouble === 'freeze') await freeze([...processesOf(node?.pid).values()], troubleMs)
  }

  await startProvider()
  return {
    async block() {
      const one = await running()
      await one.call('ensure')
      await one.call('networkSet', blocked())
    },
    async strike(strike) {
      const { asked } = await begin(strike)
      await bringTrouble(strike)
      await waitFinely(strike.afterMs)
      const struck = await strikeDown(strike.victims)
      if (struck.includes('node')) node = undefined
      const one = await running()
      // Of OpenVPN's end the helper tells; of the helper's the connection to it.
      if (!struck.includes('node')) await Promise.all([asked, one.call('tunnelDown')])
      const told = one.call('networkState').catch(() => one.call('networkState'))
      expect(await told, `after ${JSON.stringify({ strike, struck })}`).toMatchObject({ state: 'blocked' })
      return struck
    },
    async tunnelAddresses() {
      const shown = await hosts.run('provider', 'ip', ['-o', 'addr', 'show', 'dev', 'mysts0'])
      return [...shown.matchAll(/inet6? ([\d.]+\.|[0-9a-f:]+:)1\//g)].flatMap(([, prefix]) =>
        [2, 3, 4, 5].map((host) => `${prefix}${host}`),
      )
    },
    connect: async () => void (await connected()),
    restore: async () => void (await hosts.run('consumer', process.execPath, [HELPER, '--reset-network'])),
  }
}
