import type { Messenger, ReceivedMessage } from '../messaging/messenger.ts'
import type { Channel } from '../ports/channel.ts'
import type { Clock } from '../ports/clock.ts'
import type { Registry, UnlockedIdentity } from '../ports/identity.ts'
import { encodeMessage, envelopeOverhead, parseMessage } from '../protocol/envelope.ts'

/**
 * The messenger without its cryptography and rate limits: the message inside the envelope, byte for byte,
 * and not the envelope. For properties of what is above, that need a hundred thousand steps; the envelope
 * takes nine tenths of a step's time and is shown elsewhere. Everything that a network does to datagrams
 * happens here too.
 */
export function createPlainMessenger(deps: {
  identity: Pick<UnlockedIdentity, 'id'>
  registry: Pick<Registry, 'publicKey'>
  channels: readonly Channel[]
  chainId: bigint
  clock: Pick<Clock, 'now'>
}): Messenger {
  const { identity, registry, channels, chainId, clock } = deps
  const handlers = new Set<(message: ReceivedMessage) => void>()
  const subscriptions = channels.map((channel) =>
    channel.onDatagram((datagram) => {
      const message = parseMessage(chainId, datagram)
      if (!message || message.recipient !== identity.id || !registry.publicKey(message.sender)) return
      for (const handle of handlers) handle({ ...message, channel: channel.type })
    }),
  )
  return {
    id: identity.id,
    contacts: () => channels.map((channel) => ({ channel: channel.type, address: channel.contact() })),
    maxBody: (_channel, type) => (channels[0]?.maxDatagram ?? 0) - envelopeOverhead(type),
    async send(outgoing, contacts) {
      const timeMs = Math.floor(clock.now())
      const datagram = encodeMessage(chainId, { ...outgoing, sender: identity.id, timeMs })
      for (const contact of contacts) {
        await channels.find(({ type }) => type === contact.channel)?.send(outgoing.recipient, contact.address, datagram)
      }
    },
    onMessage(handle) {
      handlers.add(handle)
      return () => void handlers.delete(handle)
    },
    favour: () => () => undefined,
    drops: {
      size: 0,
      unregistered: 0,
      repeated: 0,
      rate: 0,
      undecryptable: 0,
      malformed: 0,
      signature: 0,
      recipient: 0,
      time: 0,
    },
    stop() {
      for (const unsubscribe of subscriptions) unsubscribe()
      handlers.clear()
    },
  }
}
