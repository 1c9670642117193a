import type { Handlers } from '#shared/contract/commands.ts'
import type { AppState } from '#shared/contract/state.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Keystore, Unlocked } from './identity/keystore.ts'
import type { Remembering } from './remembering.ts'
import type { StateTree } from './state-tree.ts'

type IdentityCommand = Extract<keyof Handlers, `identity.${string}`>
/** Those two ask the chain. */
type Commands = Pick<Handlers, Exclude<IdentityCommand, 'identity.status' | 'identity.register'>>

/** The commands about identities at rest, and about which of them the node acts for: one at a time. */
export function createIdentities(deps: {
  state: StateTree
  keystore: Keystore
  remembering: Remembering
  /** Throws where another identity would end what the present one does. */
  mayChange(): void
  /** Ends what is done for the identity in use, if any. */
  leave(): Promise<void>
  act(opened: Unlocked): Promise<void>
}): Commands {
  const { state, keystore, remembering, mayChange } = deps
  const set = (change: Partial<AppState['identity']>) => state.set({ identity: { ...state.get().identity, ...change } })

  async function activate(id: IdentityId, passphrase: string, remember?: boolean): Promise<{ id: IdentityId }> {
    set({ unlocking: true })
    const opened = await keystore.unlock(id, passphrase).catch((error: unknown) => {
      set({ unlocking: false })
      throw error
    })
    const { active, unlocked } = state.get().identity
    // Two may ask at once; what goes on for the first goes on.
    if (unlocked && active === id) set({ unlocking: false })
    else {
      await deps.leave()
      set({
        all: await keystore.list(),
        active: id,
        unlocked: true,
        unlocking: false,
        registration: 'unknown',
        gasAddress: opened.gas.address,
      })
      await deps.act(opened)
    }
    await remembering.apply(id, passphrase, remember)
    return { id }
  }

  return {
    async 'identity.create'({ passphrase, remember }) {
      mayChange()
      remembering.check(remember)
      const { id } = await keystore.create(passphrase)
      return activate(id, passphrase, remember)
    },
    async 'identity.import'({ keystore: text, passphrase, remember }) {
      mayChange()
      remembering.check(remember)
      const { id, gasAccount } = await keystore.import(text, passphrase)
      return { ...(await activate(id, passphrase, remember)), gasAccount }
    },
    async 'identity.restore'({ keystore: text, passphrase, remember }) {
      mayChange()
      remembering.check(remember)
      const { id } = await keystore.restore(text, passphrase)
      set({ all: await keystore.list() })
      await remembering.changed(id, passphrase)
      return activate(id, passphrase, remember)
    },
    'identity.export': ({ id }) => keystore.export(id),
    async 'identity.proveBackup'({ keystore: text, passphrase }) {
      const proved = await keystore.proveBackup(text, passphrase)
      set({ all: await keystore.list() })
      return proved
    },
    async 'identity.unlock'({ id, passphrase, remember }) {
      mayChange()
      remembering.check(remember)
      return activate(id, passphrase, remember)
    },
    async 'identity.check'({ passphrase }) {
      const { all, active } = state.get().identity
      let problem = new MystError('NoIdentity', 'There is no identity yet.')
      for (const id of active ? [active] : all.map((one) => one.id)) {
        try {
          await keystore.unlock(id, passphrase)
          return null
        } catch (error) {
          problem = error as MystError
        }
      }
      throw problem
    },
    async 'identity.changePassphrase'({ id, old, new: next }) {
      if (next === old) {
        throw new MystError('SamePassphrase', 'The new passphrase is the one that you have; choose another.')
      }
      const changed = await keystore.changePassphrase(id, old, next)
      set({ all: await keystore.list() })
      await remembering.changed(id, next)
      return changed
    },
    async 'identity.forget'() {
      await remembering.forget()
      return null
    },
  }
}
