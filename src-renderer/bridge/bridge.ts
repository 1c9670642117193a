import type { CommandInput, CommandName, CommandOutput } from '#shared/contract/commands.ts'
import type { StateMessage } from '#shared/contract/state.ts'

/**
 * `connecting` before the first snapshot, `open` while state flows, `lost` while the node does not
 * answer (the bridge keeps trying), `signed-out` when this page may not talk to the node, `locked` when it may again
 * once the passphrase was given.
 */
export type LinkState = 'connecting' | 'open' | 'lost' | 'signed-out' | 'locked'

export type StateListener = {
  onMessage(message: StateMessage): void
  onLink(link: LinkState): void
}

/** The renderer's only way to the node, whichever door it stands at. */
export type Bridge = {
  /** The page's origin in a browser; absent in the desktop app's own window. */
  readonly origin?: string
  /** Rejects with a `MystError` whose message is one sentence a person can act on. */
  command<Name extends CommandName>(name: Name, input: CommandInput<Name>): Promise<CommandOutput<Name>>
  /** The first message of every subscription is a snapshot; subscribing again asks for a new one. */
  onState(listener: StateListener): () => void
  /** Ends `locked`; the page is then to be loaded anew. Rejects as `command` does. */
  unlock?(passphrase: string): Promise<void>
}
