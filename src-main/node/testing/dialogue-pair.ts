import type { Contact } from '#shared/model/proposal.ts'
import { createDialogues } from '../dialogue/dialogues.ts'
import { systemClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/logger.ts'
import { createMemoryNetwork, type MemoryNetwork, type Weather } from '../messaging/channels/memory.ts'
import { createMessenger, type Messenger } from '../messaging/messenger.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dialogue, Dialogues } from '../ports/dialogue.ts'
import type { UnlockedIdentity } from '../ports/identity.ts'
import type { DialogueTiming, MessagingLimits } from '../protocol/limits.ts'
import { createMemoryRegistry, createTestIdentity, type MemoryRegistry } from './memory-registry.ts'
import { createPlainMessenger } from './plain-messenger.ts'

export type DialoguePair = {
  a: Dialogues
  b: Dialogues
  identities: { a: UnlockedIdentity; b: UnlockedIdentity }
  /** How to reach each of the two. */
  contacts: { a: Contact[]; b: Contact[] }
  messengers: { a: Messenger; b: Messenger }
  registry: MemoryRegistry
  network: MemoryNetwork
  clock: Clock
  /** a opens towards b: both ends of the dialogue. */
  open(): Promise<{ a: Dialogue; b: Dialogue }>
  /** One more registered identity on the same network; stopped with the pair. */
  join(identity: UnlockedIdentity): Promise<{ dialogues: Dialogues; contacts: Contact[] }>
  stop(): Promise<void>
}

/**
 * Two registered identities with real envelopes and real dialogues over the memory channel. With
 * `weather` the network loses, doubles, reorders and delays (repeatably, by `seed`). With a manual
 * clock, time moves only when told to: acknowledgements go at once here, so that in fair weather
 * nothing waits for the clock.
 */
export async function createDialoguePair(
  options: {
    weather?: Partial<Weather>
    seed?: number
    clock?: Clock
    timing?: Partial<DialogueTiming>
    limits?: Partial<MessagingLimits>
    maxDatagram?: number
    identities?: { a: UnlockedIdentity; b: UnlockedIdentity }
    /** Without envelopes, for properties of what is above that need many steps. */
    plain?: boolean
  } = {},
): Promise<DialoguePair> {
  const clock = options.clock ?? systemClock
  const identities = options.identities ?? { a: createTestIdentity(), b: createTestIdentity() }
  const registry = createMemoryRegistry(identities.a, identities.b)
  const network = createMemoryNetwork({
    clock,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.weather ? { weather: options.weather } : {}),
  })
  const side = async (identity: UnlockedIdentity) => {
    const channel = network.channel(
      identity.id,
      options.maxDatagram === undefined ? {} : { maxDatagram: options.maxDatagram },
    )
    await channel.start()
    const parts = { identity, registry, channels: [channel], chainId: 31_337n, clock, log: silentLogger }
    const messenger = options.plain
      ? createPlainMessenger(parts)
      : createMessenger(parts, { limits: options.limits ?? {} })
    const dialogues = createDialogues(
      { messenger, registry, clock, log: silentLogger },
      { timing: { ackDelayMs: 0, ...options.timing } },
    )
    const contacts = [{ channel: channel.type, address: channel.contact() }]
    return { channel, messenger, dialogues, contacts }
  }
  const joined: Awaited<ReturnType<typeof side>>[] = []
  const a = await side(identities.a)
  const b = await side(identities.b)
  return {
    a: a.dialogues,
    b: b.dialogues,
    identities,
    contacts: { a: a.contacts, b: b.contacts },
    messengers: { a: a.messenger, b: b.messenger },
    registry,
    network,
    clock,
    async open() {
      const accepted = new Promise<Dialogue>((resolve) => {
        const unsubscribe = b.dialogues.onIncoming((dialogue) => {
          unsubscribe()
          resolve(dialogue)
        })
      })
      const opened = await a.dialogues.open(identities.b.id, b.contacts)
      return { a: opened, b: await accepted }
    },
    async join(identity) {
      registry.register(identity)
      const one = await side(identity)
      joined.push(one)
      return one
    },
    async stop() {
      const all = [a, b, ...joined]
      await Promise.all(all.map(({ dialogues }) => dialogues.stop()))
      for (const { messenger } of all) messenger.stop()
      await Promise.all(all.map(({ channel }) => channel.stop()))
    },
  }
}
