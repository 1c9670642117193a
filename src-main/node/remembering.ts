import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Keychain } from './ports/keychain.ts'
import type { StateTree } from './state-tree.ts'

/** What the identity's commands do with the keychain, and what the state shows of it. */
export type Remembering = {
  /** Before anything else is done. Throws `KeychainUnavailable` when something shall be kept and cannot be. */
  check(remember: boolean | undefined): void
  /** After the passphrase proved right: keeps it, or forgets what was kept; undefined changes nothing. */
  apply(id: IdentityId, passphrase: string, remember: boolean | undefined): Promise<void>
  /** Keeps the new passphrase where the old one was kept. */
  changed(id: IdentityId, passphrase: string): Promise<void>
  forget(): Promise<void>
}

export async function createRemembering(state: StateTree, keychain: Keychain | undefined): Promise<Remembering> {
  const obstacle = keychain ? await keychain.obstacle() : 'This node has no keychain; give it a passphrase file.'
  async function show() {
    if (!keychain || obstacle !== undefined) return
    const remembers = await keychain.holder()
    state.set({ identity: { ...state.get().identity, keychain: remembers === undefined ? {} : { remembers } } })
  }
  await show()

  const remembering: Remembering = {
    check(remember) {
      if (remember && obstacle !== undefined) throw new MystError('KeychainUnavailable', obstacle)
    },
    async apply(id, passphrase, remember) {
      if (remember === undefined) return
      if (!remember) return remembering.forget()
      await keychain?.keep(id, passphrase)
      await show()
    },
    async changed(id, passphrase) {
      if (state.get().identity.keychain?.remembers === id) await keychain?.keep(id, passphrase)
    },
    async forget() {
      await keychain?.forget()
      await show()
    },
  }
  return remembering
}
