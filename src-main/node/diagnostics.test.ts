import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { Proposal } from '#shared/model/proposal.ts'
import { createNode, type MysteriumNode } from './create-node.ts'
import { writeDiagnostics } from './diagnostics.ts'
import { createLogger } from './lib/logger.ts'

const SECRETS = {
  passphrase: 'correct-horse-4711',
  address: '203.0.113.77',
  addressSix: '2001:db8:77::1',
  peer: `0x${'5e'.repeat(20)}`,
  key: '7c'.repeat(32),
  path: '/home/alice/wallets',
  token: 'eyJhbGciOiJIUzI1NiJ9',
  host: 'chain.alices.example',
}
const HOSTILE = `Somebody at ${Object.values(SECRETS).join(' and ')} failed.`
const NETWORK = {
  name: 'The network of Alice',
  chainId: 31_337,
  rpc: [`https://user:${SECRETS.token}@${SECRETS.host}/v3`, 'http://nas:8545'],
  brokers: [`mqtt://${SECRETS.address}:1883`],
  probes: [],
  local: false,
} as unknown as NetworkFile

let home = ''
let node: MysteriumNode
const log = createLogger(() => undefined)
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'myst-secret-home-'))
  node = await createNode({ home, network: undefined, log })
})
afterEach(async () => {
  await node.stop()
  rmSync(home, { recursive: true })
})

const read = async () => (await node.handlers['diagnostics.read']({})).text

describe('diagnostics', () => {
  it('tell what is so', async () => {
    const { id } = await node.handlers['identity.create']({ passphrase: SECRETS.passphrase })
    log.of('openvpn').warn('the tunnel program ended')
    const text = await read()
    expect(text).toMatch(/^Mysterium diagnostics, \d{4}-\d\d-\d\d \d\d:\d\d UTC\n/)
    expect(text).toMatch(/^ {2}version: \d+\.\d+\.\d+$/m)
    expect(text).toMatch(/^ {2}openvpn can be used: (?:yes$|no, OpenVPN)/m)
    expect(text).toMatch(/^ {2}programs (?:found|missing): .*\bnft\b/m)
    expect(text).toContain('  of this node: 1\n  backed up: 0\n  unlocked: yes\n')
    expect(text).toContain('  says: No network is chosen; name one with --network FILE.')
    expect(text).toMatch(/ {2}\S+Z warn openvpn: the tunnel program ended\n$/)
    expect(text).not.toContain(id)
    expect(text).not.toContain(SECRETS.passphrase)
  })

  it('hold nothing that tells who or where, wherever it stands in state and log', async () => {
    await node.handlers['identity.create']({ passphrase: SECRETS.passphrase })
    for (const message of [HOSTILE, `${HOSTILE}\nforged line`, `\u001b[2J${hostname()} ${home} nas`]) log.error(message)
    const proposal = { provider: SECRETS.peer, serviceType: 'openvpn' } as Proposal
    const now = node.state.get()
    const failures = [
      { name: 'disconnected', last: { message: HOSTILE, step: 'reach-provider', paid: 77_777n } },
      { name: 'blocked', why: HOSTILE, sinceMs: 0, paid: 77_777n },
      { ...{ name: 'reconnecting', lost: HOSTILE, sinceMs: 0, attempt: 3, atMost: 6, isBlocked: true, proposal } },
    ] as never[]
    for (const connection of failures) {
      const text = writeDiagnostics({
        state: {
          ...now,
          network: { ...now.network, name: NETWORK.name, message: HOSTILE },
          identity: { ...now.identity, gasAddress: SECRETS.peer },
          wallet: {
            ...{
              ...now.wallet,
              balance: 77_777n,
              withdrawal: { amount: 77_777n, to: SECRETS.peer, executableAtMs: 0 },
            },
            transaction: { what: 'deposit', state: 'failed', hash: `0x${SECRETS.key}`, message: HOSTILE },
          },
          connection,
          share: {
            ...{ ...now.share, address: SECRETS.address, message: HOSTILE, earnedToday: 77_777n },
            reach: { verdict: 'unknown', own: SECRETS.address, seen: SECRETS.addressSix, atMs: 0 },
            services: [{ type: 'socks', serial: 1, state: 'failed', message: HOSTILE }],
          },
          settings: { ...now.settings, resolver: SECRETS.addressSix, problems: { lockdown: HOSTILE } },
          shell: { startWithComputer: true, update: { name: 'failed', message: HOSTILE } },
          capabilities: { openvpn: { available: false, message: HOSTILE }, socks: { available: true } },
        },
        ...{ network: NETWORK, sessions: [{ role: 'consumer', end: 'tunnel-failed' }, { role: 'consumer' }] },
        ...{ given: [{ cleared: false }], received: [], log: log.last(), nowMs: 0 },
      })
      for (const secret of [
        ...Object.values(SECRETS),
        'Alice',
        'alice',
        '77777',
        hostname(),
        home,
        'secret-home',
        ' nas',
      ]) {
        expect(text).not.toContain(secret)
      }
      expect(text.slice(text.indexOf('\nlog\n'))).not.toContain(hostname())
      // What was said is there, without the rest.
      expect(text.match(/Somebody at \[…\] and \[…\]/g)?.length).toBeGreaterThanOrEqual(8)
      expect(text).toContain('  bought: tunnel-failed 1, open 1\n')
      expect(text).toContain('  given: open 1\n')
      expect(text).toContain('  chain nodes: 2\n')
      expect(text).not.toMatch(/^ *forged line/m)
    }
  })

  it('hold the last lines of the log only, from info on', async () => {
    for (let number = 0; number < 1_000; number += 1) log.info(`line ${number}`)
    log.debug('not this one')
    const text = await read()
    expect(text).toContain('line 999\n')
    expect(text).not.toContain('line 799\n')
    expect(text).toContain('line 800\n')
    expect(text).not.toContain('not this one')
  })
})
