import type { IdentityId } from '#shared/model/identity.ts'
import type { Amount } from '#shared/model/units.ts'
import { most } from '../lib/amounts.ts'
import type { PeerWord } from '../storage/conduct-repository.ts'

/** Remembers what a peer has said, beyond the dialogue and beyond a restart. */
export type WordStore = {
  word(peer: IdentityId): PeerWord | undefined
  saveWord(peer: IdentityId, word: PeerWord): void
}

/**
 * Holds a peer to its own words about what it has left of ours. Within a dialogue everything comes in order, so
 * that its leftover can be below what it said first, plus what it accepted, less what it metered, only if it
 * lies. From one dialogue to the next that is so when every session ended and its last metering is known;
 * after a crash of our own it is not, and then its first word is taken. What it denies stays at risk all the same.
 */
export function createPeerWord(store: WordStore | undefined, peer: IdentityId) {
  const remembered = store?.word(peer)
  const metered = new Map<string, Amount>()
  const running = new Set<string>()
  /** At least so much is left; below zero when more was used than was left. */
  let leftover: Amount | undefined = remembered?.settled ? remembered.leftover : undefined
  let hasSpoken = false

  const save = () => {
    if (hasSpoken) store?.saveWord(peer, { leftover: most(leftover ?? 0n, 0n), settled: running.size === 0 })
  }

  return {
    /** The peer says what is left: how much of it is missing. */
    heard(said: Amount): Amount {
      const missing = most((leftover ?? 0n) - said, 0n)
      // Its first word in a dialogue is all there is; a later one may have a credit in it that is answered after it.
      if (!hasSpoken || missing > 0n) {
        hasSpoken = true
        leftover = said
        save()
      }
      return missing
    },
    /** It accepted a promise that adds at least so much. */
    credited(amount: Amount) {
      leftover = (leftover ?? 0n) + amount
      save()
    },
    began(sessionId: string) {
      running.add(sessionId)
      save()
    },
    /** It says what a session has cost so far, believed or not. */
    metered(sessionId: string, cost: Amount) {
      const more = most(cost - (metered.get(sessionId) ?? 0n), 0n)
      metered.set(sessionId, (metered.get(sessionId) ?? 0n) + more)
      leftover = (leftover ?? 0n) - more
    },
    /** No session uses anything of it any more. */
    ended(sessionId: string) {
      running.delete(sessionId)
      save()
    },
  }
}
