import { hostname, release, userInfo } from 'node:os'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { AppState } from '#shared/contract/state.ts'
import type { ConnectionState, SessionRecord } from '#shared/model/session.ts'
import packageFile from '../../package.json' with { type: 'json' }
import { controlEndpointsOf } from './control-endpoints.ts'
import { anonymous } from './lib/anonymous.ts'
import { hasTunDevice, helperWay, systemProgram } from './network/this-computer.ts'
import type { GivenPromise, ReceivedPromise } from './storage/ledger-repository.ts'

export type Examined = {
  state: AppState
  network: NetworkFile | undefined
  sessions: readonly Pick<SessionRecord, 'role' | 'end'>[]
  given: readonly Pick<GivenPromise, 'cleared'>[]
  received: readonly Pick<ReceivedPromise, 'state'>[]
  /** Oldest line first. */
  log: readonly string[]
  nowMs: number
}

/** A text says only what `anonymous` lets through; a version is the numbers at its beginning. */
type Fact = boolean | number | string | { version: string } | undefined
type Section = Readonly<Record<string, Fact | readonly Fact[]>>

const PROGRAMS = ['openvpn', 'nft', 'ip', 'tc', 'setpriv', 'pkexec']

/**
 * What somebody who helps needs to know, in English as the log is. Made of the fields that are named here, and these hold
 * no amount, address, path or identity; what is said in sentences, and the log, may, and goes through `anonymous`.
 */
export function writeDiagnostics({ log, nowMs, ...examined }: Examined): string {
  const names = namesHere(examined.network)
  const said = (fact: Fact): string => {
    if (typeof fact === 'boolean') return fact ? 'yes' : 'no'
    if (typeof fact === 'object') return /^v?\d{1,4}(?:\.\d{1,4}){0,2}(?![\d.])/.exec(fact.version)?.[0] ?? '–'
    return typeof fact === 'string' ? anonymous(fact, names) : String(fact)
  }
  const written = ([title, facts]: [string, Section]) => [
    '',
    title,
    ...Object.entries(facts).flatMap(([label, value]) => {
      if (value === undefined) return []
      const known = [value].flat().filter((fact) => fact !== undefined)
      return [`  ${label}: ${known.map(said).join(', ') || 'none'}`]
    }),
  ]
  const made = new Date(nowMs).toISOString().replace('T', ' ').slice(0, 16)
  const lines = [
    `Mysterium diagnostics, ${made} UTC`,
    ...Object.entries(sectionsOf(examined)).flatMap(written),
    '',
    'log',
    ...(log.length === 0 ? ['  none'] : log.map((line) => `  ${said(line)}`)),
  ]
  return `${lines.join('\n')}\n`
}

function sectionsOf(examined: Omit<Examined, 'log' | 'nowMs'>): Record<string, Section> {
  const { state, network, sessions, given, received } = examined
  const { capabilities, identity, wallet, share, settings, shell } = state
  const update = shell?.update
  const ended = (role: SessionRecord['role']) =>
    counted(sessions.filter((session) => session.role === role).map(({ end }) => end ?? 'open'))
  return {
    program: {
      version: { version: packageFile.version },
      'desktop app': shell !== undefined,
      node: { version: process.versions.node },
      electron: process.versions.electron === undefined ? undefined : { version: process.versions.electron },
      'minutes since start': Math.round(process.uptime() / 60),
      'starts with the computer': shell?.startWithComputer,
      update: update && [update.name, 'message' in update ? update.message : undefined],
    },
    computer: {
      system: [process.platform, { version: release() }, process.arch],
      'openvpn can be used': [capabilities.openvpn.available, capabilities.openvpn.message],
      'socks can be used': [capabilities.socks.available, capabilities.socks.message],
      'helper gets its rights as': helperWay() ?? 'nothing',
      'tun device': hasTunDevice(),
      'programs found': PROGRAMS.filter((name) => systemProgram(name) !== undefined),
      'programs missing': PROGRAMS.filter((name) => systemProgram(name) === undefined),
    },
    network: {
      chosen: network !== undefined,
      'chain id': network?.chainId,
      local: network?.local,
      'chain nodes': network?.rpc.length,
      brokers: network?.brokers.length,
      probes: network?.probes.length,
      chain: state.network.chain,
      // Zero before a node answered.
      'head block': state.network.headBlock || undefined,
      'blocks behind': state.network.headBlock ? state.network.headBlock - state.network.syncedBlock : undefined,
      broker: state.network.broker,
      says: state.network.message,
      offers: state.proposals.count,
    },
    identity: {
      'of this node': identity.all.length,
      'backed up': identity.all.filter(({ backedUp }) => backedUp).length,
      unlocked: identity.unlocked,
      registration: identity.registration,
      'keychain there': identity.keychain !== undefined,
      'balance above zero': wallet.balance > 0n,
      'gas above zero': wallet.gas > 0n,
      'runs out first': wallet.runsOutFirst,
      'last transaction': wallet.transaction && [
        wallet.transaction.what,
        wallet.transaction.state,
        wallet.transaction.message,
      ],
    },
    connection: connectionFacts(state.connection),
    share: {
      state: share.state,
      says: share.message,
      closed: share.closed?.reason,
      reach: share.reach && [share.reach.verdict, share.reach.why],
      customers: share.sessions.length,
      ...Object.fromEntries(share.services.map(({ type, state, message }) => [type, [state, message]])),
    },
    settings: {
      'local network': settings.allowLocalNetwork,
      'own resolver': settings.resolver !== 'default',
      lockdown: settings.lockdown,
      'connect on start': settings.connectOnStart,
      'share on start': settings.shareOnStart,
      language: settings.language,
      problems: Object.values(settings.problems),
    },
    'ends of the last sessions': { bought: ended('consumer'), sold: ended('provider') },
    promises: {
      given: counted(given.map(({ cleared }) => (cleared ? 'cleared' : 'open'))),
      received: counted(received.map(({ state }) => state)),
    },
  }
}

function connectionFacts(connection: ConnectionState): Section {
  const last = connection.name === 'disconnected' ? connection.last : undefined
  return {
    state: connection.name,
    service: 'proposal' in connection ? connection.proposal.serviceType : undefined,
    step: 'step' in connection ? connection.step : last?.step,
    attempt: connection.name === 'reconnecting' ? connection.attempt : undefined,
    'nothing leaves': connection.name === 'blocked' || (connection.name === 'reconnecting' && connection.isBlocked),
    lockdown: connection.name === 'blocked' && connection.isLockdown === true,
    'exit is the provider’s': connection.name === 'connected' ? connection.live.exit?.isProviders : undefined,
    end: last?.end,
    refused: last?.reason,
    says:
      last?.message ??
      (connection.name === 'blocked'
        ? connection.why
        : connection.name === 'reconnecting'
          ? connection.lost
          : undefined),
  }
}

/** "tunnel-failed 3", most often first. */
function counted(all: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a).map(([one, count]) => `${one} ${count}`)
}

/** Words that look like any other and tell who or where a person is. */
function namesHere(network: NetworkFile | undefined): string[] {
  const hosts = network ? controlEndpointsOf(network).map(({ host }) => host) : []
  return [...userNames(), hostname(), ...hosts]
}

function userNames(): string[] {
  try {
    const { username } = userInfo()
    return username === 'root' ? [] : [username]
  } catch {
    return [] // a user without an entry has no name
  }
}
