import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Dialogue, Dialogues } from '../ports/dialogue.ts'

export type SharedDialogues = {
  /** The person's own: takes a provider over from a program, which is told first (`giveUp`). */
  readonly own: Dialogues
  /** Of whoever comes second: `open` rejects with `ProviderInUse` where there is one with that peer. */
  readonly others: Dialogues
  /** Nobody has a dialogue with this peer, or is about to open one. */
  isFree(peer: IdentityId): boolean
}

/**
 * There is one dialogue per pair: a second one would end the first, with every session in it. So it is decided here who
 * may open one. `giveUp` resolves when no program uses that peer any more.
 */
export function shareDialogues(dialogues: Dialogues, giveUp: (peer: IdentityId) => Promise<void>): SharedDialogues {
  const opening = new Map<IdentityId, number>()
  const open = new Map<IdentityId, Dialogue>()

  const keep = (dialogue: Dialogue) => {
    open.set(dialogue.peer, dialogue)
    void dialogue.closed.then(() => {
      if (open.get(dialogue.peer) === dialogue) open.delete(dialogue.peer)
    })
    return dialogue
  }
  const isFree = (peer: IdentityId) => !opening.has(peer) && !open.has(peer)
  async function counted(peer: IdentityId, work: () => Promise<Dialogue>): Promise<Dialogue> {
    opening.set(peer, (opening.get(peer) ?? 0) + 1)
    try {
      return keep(await work())
    } finally {
      const others = (opening.get(peer) ?? 1) - 1
      if (others > 0) opening.set(peer, others)
      else opening.delete(peer)
    }
  }
  dialogues.onIncoming(keep)

  const inUse = (peer: IdentityId) =>
    new MystError('ProviderInUse', 'There is a connection with this provider already; another one is needed.', {
      details: { peer },
    })
  return {
    isFree,
    own: {
      ...dialogues,
      open: (peer, contacts, options) =>
        counted(peer, async () => {
          await giveUp(peer)
          return dialogues.open(peer, contacts, options)
        }),
    },
    others: {
      ...dialogues,
      async open(peer, contacts, options) {
        if (!isFree(peer)) throw inUse(peer)
        return counted(peer, () => dialogues.open(peer, contacts, options))
      },
    },
  }
}
