import type { IdentityId } from '#shared/model/identity.ts'

/**
 * Keeps one passphrase where only the person's own login opens it. The desktop shell has one, through the
 * operating system; a headless node has none and reads a passphrase file.
 */
export type Keychain = {
  /** Why nothing can be kept here, in one sentence; undefined: it can. */
  obstacle(): Promise<string | undefined>
  /** Whose passphrase it holds. */
  holder(): Promise<IdentityId | undefined>
  keep(id: IdentityId, passphrase: string): Promise<void>
  /** Undefined when there is none, or when it cannot be opened (any more). */
  recall(): Promise<{ id: IdentityId; passphrase: string } | undefined>
  forget(): Promise<void>
}
