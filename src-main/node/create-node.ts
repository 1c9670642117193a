import { join } from 'node:path'
import type { Sent } from '#shared/contract/answers.ts'
import type { CommandParsed, Handlers } from '#shared/contract/commands.ts'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import type { AppState } from '#shared/contract/state.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { SessionRecord } from '#shared/model/session.ts'
import type { Amount } from '#shared/model/units.ts'
import { type Agent, createAgent } from './agent.ts'
import { connectOnStart } from './connect-on-start.ts'
import { controlEndpointsOf, withoutCredentials } from './control-endpoints.ts'
import { writeDiagnostics } from './diagnostics.ts'
import { createIdentities } from './identities.ts'
import { createKeystore } from './identity/keystore.ts'
import { initialState, MAX_AT_RISK } from './initial-state.ts'
import { systemClock } from './lib/clock.ts'
import type { Logger } from './lib/logger.ts'
import { createMarket, type Market } from './market.ts'
import { createPrivilege } from './network/privilege-client.ts'
import type { HelperProgram } from './network/start-helper.ts'
import { dailyEarnings } from './payments/daily-earnings.ts'
import type { TransactionResult } from './ports/chain.ts'
import type { Clock } from './ports/clock.ts'
import type { Keychain } from './ports/keychain.ts'
import { createPrograms, type Programs } from './programs/programs.ts'
import { createReach } from './reach.ts'
import { createRememberedNetwork } from './remembered-network.ts'
import { createRemembering } from './remembering.ts'
import { createNetworkGuard } from './services/openvpn/network-guard.ts'
import { createOpenVpn } from './services/openvpn/openvpn.ts'
import { createSocks } from './services/socks/create-socks.ts'
import { stateAtStart, stateNow } from './session/connection.ts'
import { createSettings } from './settings.ts'
import { openSettingsFile } from './settings-file.ts'
import { openSharedLast } from './shared-last.ts'
import { createStateTree, type StateTree } from './state-tree.ts'
import { createLedgerRepository } from './storage/ledger-repository.ts'
import { migrate } from './storage/migrate.ts'
import { openStore } from './storage/open-store.ts'
import { createProgramRepository } from './storage/program-repository.ts'
import { createSessionRepository } from './storage/session-repository.ts'

export type { Keychain, Programs }

export type MysteriumNode = {
  readonly handlers: Handlers
  readonly state: StateTree
  /** For the local API, where a program speaks for itself. */
  readonly programs: Programs
  /** Ends sessions, takes the tunnel down, and leaves the home to others. */
  stop(): Promise<void>
}

/**
 * The composition root: every part is made and started here, in this order.
 *
 *   store → keystore → market (chain, registry, proposals) → services → agent (once an identity is unlocked)
 *
 * Throws what a person has to act on before anything can run: `OtherNetwork`, `StoreTooNew`,
 * `InvalidNetworkFile`, `SettingsUnreadable`. A chain or broker that does not answer is not among these: the state says so
 * and the node goes on trying. Without a network file only identities can be handled.
 */
export async function createNode(options: {
  home: string
  network: NetworkFile | undefined
  log: Logger
  clock?: Clock
  /** Where the elevated program stands and the Node that runs it, when not in the source tree. */
  helper?: HelperProgram
  /** Where a passphrase can be remembered, if there is such a place. */
  keychain?: Keychain
  /** An app starts, and not a single command: what the settings say of the start is done. */
  isStart?: boolean
}): Promise<MysteriumNode> {
  const { home, log, clock = systemClock } = options
  const remembered = createRememberedNetwork(home)
  const network = remembered.choose(options.network)
  const file = openSettingsFile(home)
  const store = openStore(join(home, 'node.db'))
  migrate(store)
  const keystore = createKeystore(join(home, 'keystore'), { log: log.of('keystore') })
  await keystore.settle()
  const privilege = createPrivilege({ log: log.of('helper'), clock }, options.helper)
  const control = network ? controlEndpointsOf(network) : []
  const guard = await createNetworkGuard({
    ...{ privilege, clock, log: log.of('openvpn'), control },
    settings: () => file.current,
  })
  const serviceTypes = [
    createOpenVpn({ privilege, guard, log: log.of('openvpn'), clock }),
    createSocks({ log: log.of('socks'), clock }),
  ]

  const state = createStateTree(
    initialState({ network, settings: file.current, connection: stateAtStart({ serviceTypes }) }),
  )
  const setIdentity = (change: Partial<AppState['identity']>) =>
    state.set({ identity: { ...state.get().identity, ...change } })
  setIdentity({ all: await keystore.list() })

  let agent: Agent | undefined
  const restate = () => {
    if (agent) agent.restate()
    else state.set({ connection: stateNow({ serviceTypes }, state.get().connection) })
  }
  const sharedLast = openSharedLast(home, { state, log: log.of('sharing') })
  sharedLast.show()
  const settings = createSettings({ file, state, guard, restate })

  const programRepository = createProgramRepository(store)
  const programs = createPrograms({
    ...{ repository: programRepository, clock },
    needConnections: () => needAgent().programs,
    query: (filter) => needMarket().catalogue.query(filter),
  })
  const showPrograms = () => state.set({ programs: programs.views() })
  programs.onChange(showPrograms)
  showPrograms()

  const market = network && createMarket({ network, store, isOwn, clock, log })
  if (market) followMarket(market)

  const [broker = 'mqtt://127.0.0.1'] = network?.brokers ?? []
  const reach = createReach({
    probes: network?.probes ?? [],
    towards: new URL(broker).hostname.replace(/^\[|\]$/g, ''),
    isTunneled: () => guard.stands !== undefined,
    ...{ clock, log: log.of('reach') },
  })

  function isOwn(id: IdentityId): boolean {
    return state.get().identity.all.some((own) => own.id === id)
  }

  function followMarket({ follower, catalogue, registry, network, chain }: Market): void {
    let checked = false
    follower.onProgress(({ status, syncedBlock, headBlock, message }) => {
      const { message: _old, ...rest } = state.get().network
      state.set({
        network: { ...rest, chain: status, syncedBlock, headBlock, ...(message === undefined ? {} : { message }) },
      })
      if (status === 'online' && !checked) {
        checked = true
        remembered.remember(network)
        chain.registrationFee().then(showFee, (error: unknown) => log.debug(`no fee yet: ${String(error)}`))
      }
      if (status === 'online' && state.get().identity.registration === 'unknown') showRegistration()
    })
    catalogue.onRevision((proposals) => state.set({ proposals }))
    registry.onRegistered((id) => {
      if (id === state.get().identity.active) showRegistration()
    })
    state.set({ proposals: catalogue.summary() })
    follower.start()
  }

  /** What registering costs, before there is an identity whose wallet tells it. */
  function showFee(registrationFee: Amount): void {
    if (!agent) state.set({ wallet: { ...state.get().wallet, registrationFee } })
  }

  function showRegistration(): void {
    const { active, registration } = state.get().identity
    if (!market || !active) return
    const registered = market.registry.publicKey(active) !== undefined
    if (!registered && (registration === 'registering' || state.get().network.chain !== 'online')) return
    setIdentity({ registration: registered ? 'registered' : 'unregistered' })
    // The broker admits registered identities only, so there is no use in knocking before.
    if (registered) agent?.connectToBroker()
  }

  const needMarket = (): Market => {
    if (!market) throw new MystError('NoNetwork', 'No network is chosen; name one with --network FILE.')
    return market
  }
  const needAgent = (): Agent => {
    needMarket()
    if (!agent) throw new MystError('Locked', 'The identity is locked; unlock it with its passphrase first.')
    return agent
  }

  /** Another identity ends what the present one does, so that is not done on the quiet. */
  function mayChangeIdentity(): void {
    const { connection, share } = state.get()
    const isIdle =
      connection.name === 'disconnected' || (connection.name === 'blocked' && (!agent || connection.isLockdown))
    const isAnyRunning = programs.views().some(({ connection }) => connection.name !== 'disconnected')
    if (isAnyRunning)
      throw new MystError('IdentityInUse', 'Disconnect your programs first; another identity would end them.')
    if (isIdle && share.state === 'off') return
    throw new MystError('IdentityInUse', 'Disconnect and stop sharing first; another identity would end both.')
  }

  const identities = createIdentities({
    ...{ state, keystore, remembering: await createRemembering(state, options.keychain), mayChange: mayChangeIdentity },
    async leave() {
      await agent?.stop()
      agent = undefined
      programs.use(undefined)
    },
    async act(opened) {
      if (!market) return
      agent = createAgent(
        { market, store, state, serviceTypes, clock, log, home, reach, programs: programRepository },
        { ...opened, maxAtRisk: MAX_AT_RISK },
      )
      programs.use(agent.programs)
      sharedLast.show()
      await agent.refresh()
      showRegistration()
    },
  })

  function sessionsOf(limit: number): SessionRecord[] {
    return state
      .get()
      .identity.all.flatMap(({ id }) => createSessionRepository(store, id).list(limit))
      .sort((a, b) => b.startedAtMs - a.startedAtMs)
      .slice(0, limit)
  }

  /** Answered once our own copy of the chain has the transaction too. */
  async function mined({ hash, blockNumber, gasPaid }: TransactionResult): Promise<Sent> {
    await needMarket().follower.reached(blockNumber)
    return { transaction: hash, gasPaid }
  }

  function isBackedUp(): boolean {
    const { all, active } = state.get().identity
    return all.every(({ id, backedUp, backedUpBefore }) => id !== active || backedUp || backedUpBefore)
  }

  async function share({ instead, ...terms }: CommandParsed<'share.start'>): Promise<{ run: number }> {
    if (file.current.lockdown) {
      throw new MystError('LockdownInTheWay', 'Switch lockdown off to share: nobody could reach you.')
    }
    const acting = needAgent()
    if (!terms.withoutBackup && !isBackedUp()) {
      throw new MystError(
        'BackupNotProved',
        'Save a backup of this identity and open it once before you share; without its key what you earn is lost.',
      )
    }
    const run = await acting.sharing.start(terms, { instead })
    await sharedLast.started(terms)
    return { run }
  }

  const handlers: Handlers = {
    ...identities,
    async 'identity.status'({ id }) {
      const { registry, chain } = needMarket()
      return {
        registration: registry.publicKey(id) === undefined ? 'unregistered' : 'registered',
        balance: await chain.balanceOf(id),
      }
    },
    async 'identity.register'() {
      const acting = needAgent()
      if (state.get().identity.registration === 'registered') {
        throw new MystError('AlreadyRegistered', 'This identity is registered already.')
      }
      setIdentity({ registration: 'registering' })
      try {
        return await mined(await acting.wallet.register())
      } finally {
        setIdentity({ registration: 'unknown' })
        showRegistration()
      }
    },
    'wallet.faucet': ({ amount }) => needAgent().wallet.faucet(amount),
    async 'wallet.deposit'({ amount, withoutBackup = false }) {
      const acting = needAgent()
      if (!withoutBackup && !isBackedUp()) {
        throw new MystError(
          'BackupNotProved',
          'Save a backup of this identity and open it once before you deposit; without its key the money is lost.',
        )
      }
      return mined(await acting.wallet.deposit(amount))
    },
    async 'wallet.withdraw'({ amount, to }) {
      const { executableAtMs, ...result } = await needAgent().wallet.withdraw(amount, to)
      return { ...(await mined(result)), executableAtMs }
    },
    'wallet.callOff': async () => mined(await needAgent().wallet.callOff()),
    'wallet.quote': (question) => needAgent().wallet.quote(question),
    'wallet.history': async (page) => needAgent().wallet.history(page),
    'proposals.query': async (filter) => needMarket().catalogue.query(filter),
    async 'proposals.prefer'({ provider, preferred }) {
      needMarket().catalogue.prefer(provider, preferred)
      return null
    },
    async 'connection.connect'({ socksPort, instead = false, ...filter }) {
      giveUpStart()
      await needAgent().connect(filter, { instead, ...(socksPort !== undefined && { socksPort }) })
      return null
    },
    async 'connection.disconnect'() {
      giveUpStart()
      if (agent) await agent.disconnect()
      else if (guard.stands) {
        // Found blocked at the start: opened without an identity, too.
        await guard.open()
        restate()
      }
      return state.get().connection
    },
    async 'connection.restore'() {
      // Whoever opened it from outside is not asked for a password once more.
      await guard.look()
      await settings.set({ lockdown: false })
      return handlers['connection.disconnect']({})
    },
    ...programs.handlers,
    async 'settings.set'(change) {
      await settings.set(change)
      return null
    },
    'network.file': async () => (network ? withoutCredentials(network) : null),
    'page.newAddress': noPage,
    'shell.set': notHere,
    'shell.update': notHere,
    async 'share.start'(terms) {
      giveUpSharing()
      return share(terms)
    },
    async 'share.checkReach'() {
      const found = await reach()
      state.set({ share: { ...state.get().share, reach: found } })
      return found
    },
    async 'share.stop'({ run }) {
      giveUpSharing()
      await agent?.sharing.stop(run)
      if (state.get().share.state === 'off') await sharedLast.stopped()
      return null
    },
    'sessions.list': async ({ limit = 100 }) => sessionsOf(limit),
    'earnings.daily': async (question) => {
      const { active } = state.get().identity
      if (!active) throw new MystError('Locked', 'The identity is locked; unlock it with its passphrase first.')
      return dailyEarnings(createLedgerRepository(store, active), question, clock.now())
    },
    'promises.list': async () => needAgent().promises(),
    'promises.clear': ({ peer, acceptLess = false }) => needAgent().clear(peer, { acceptLess }),
    async 'promises.setPolicy'(policy) {
      needAgent().setClearingPolicy(policy)
      return null
    },
    'promises.risk': async ({ peers }) => needAgent().risks(peers),
    'diagnostics.read': async () => {
      const ledgers = state.get().identity.all.map(({ id }) => createLedgerRepository(store, id))
      const text = writeDiagnostics({
        ...{ state: state.get(), network, log: log.last(), nowMs: clock.now(), sessions: sessionsOf(1_000) },
        given: ledgers.flatMap((ledger) => ledger.given()),
        received: ledgers.flatMap((ledger) => ledger.received()),
      })
      return { text, fileName: 'mysterium-diagnostics.txt' }
    },
    'state.get': async () => state.get(),
  }

  let giveUpStart = () => {}
  let giveUpSharing = () => {}
  if (options.isStart) {
    const { connectOnStart: choice, shareOnStart } = file.current
    // A password prompt may be open for long; the app is there meanwhile.
    const raised = settings.start()
    if (choice !== 'off') {
      giveUpStart = connectOnStart({
        state,
        filter() {
          if (choice === 'last') return agent?.lastProvider()
          // Whoever expects a VPN does not want a proxy because it is cheaper.
          return { serviceType: state.get().capabilities.openvpn.available ? 'openvpn' : 'socks' }
        },
        connect: (filter) => raised.then(() => needAgent().connect(filter)),
        show: (problem) => settings.problem('connectOnStart', problem),
      })
    }
    if (shareOnStart) {
      giveUpSharing = sharedLast.again(share, (problem) => settings.problem('shareOnStart', problem))
    }
  }

  return {
    handlers,
    state,
    programs,
    async stop() {
      giveUpStart()
      giveUpSharing()
      await agent?.stop()
      market?.follower.stop()
      await privilege.stop()
      store.close()
    },
  }
}

/** The desktop app answers these itself. */
async function notHere(): Promise<never> {
  throw new MystError('DesktopOnly', 'Only the desktop app can do this.')
}

/** Whatever opens a page in browsers answers this itself. */
async function noPage(): Promise<never> {
  throw new MystError('NoPage', 'The node that runs has no page for browsers; "myst app" starts one that has.')
}
