import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Channel } from '../../ports/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import { MAX_DATAGRAM } from '../../protocol/limits.ts'

/** How bad the network is. Probabilities 0…1; `delayMs` for all, up to `jitterMs` more for the reordered. */
export type Weather = { loss: number; duplication: number; reorder: number; delayMs: number; jitterMs: number }

export type MemoryNetwork = {
  channel(id: IdentityId, options?: { maxDatagram?: number; type?: string }): Channel
  /** Changes the weather from now on. */
  set(weather: Partial<Weather>): void
  /** Cuts an identity off, or connects it again; its channels go offline and online. */
  cut(id: IdentityId, cut: boolean): void
  /** Sees every datagram as it is handed in; what it returns instead is delivered (tests of hostility). */
  onSend(spy: (datagram: Uint8Array, to: IdentityId) => void): () => void
  /** Delivers bytes as they are, as a hostile relay could. */
  inject(to: IdentityId, datagram: Uint8Array): void
}

const FAIR: Weather = { loss: 0, duplication: 0, reorder: 0, delayMs: 0, jitterMs: 0 }

/** Datagrams between channels in one process, with programmable and repeatable bad weather. */
export function createMemoryNetwork(deps: { clock: Clock; seed?: number; weather?: Partial<Weather> }): MemoryNetwork {
  const { clock } = deps
  const random = createRandom(deps.seed ?? 1)
  let weather = { ...FAIR, ...deps.weather }
  type Port = { id: IdentityId; type: string; deliver(datagram: Uint8Array): void; refresh(): void }
  const ports = new Set<Port>()
  const cuts = new Set<IdentityId>()
  const spies = new Set<(datagram: Uint8Array, to: IdentityId) => void>()

  function later(ms: number, run: () => void) {
    if (ms > 0) clock.after(ms, run)
    else setImmediate(run)
  }

  function carry(to: IdentityId, type: string, datagram: Uint8Array) {
    for (const spy of spies) spy(Uint8Array.from(datagram), to)
    if (random() < weather.loss) return
    const copies = random() < weather.duplication ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const extraMs = random() < weather.reorder ? Math.ceil(random() * weather.jitterMs) : 0
      const bytes = Uint8Array.from(datagram)
      later(Math.round(weather.delayMs) + extraMs, () => {
        if (cuts.has(to)) return
        for (const port of ports) if (port.id === to && port.type === type) port.deliver(bytes)
      })
    }
  }

  return {
    channel(id, options = {}) {
      const { maxDatagram = MAX_DATAGRAM, type = 'memory' } = options
      const onDatagram = new Set<(datagram: Uint8Array) => void>()
      const onOnline = new Set<(online: boolean) => void>()
      let told = false
      const port: Port = {
        id,
        type,
        deliver: (datagram) => {
          for (const handle of onDatagram) handle(datagram)
        },
        refresh() {
          const online = ports.has(port) && !cuts.has(id)
          if (online === told) return
          told = online
          for (const handle of onOnline) handle(online)
        },
      }
      return {
        type,
        maxDatagram,
        get online() {
          return ports.has(port) && !cuts.has(id)
        },
        async start() {
          ports.add(port)
          port.refresh()
        },
        async stop() {
          ports.delete(port)
          port.refresh()
        },
        contact: () => id,
        async send(to, _address, datagram) {
          if (datagram.length > maxDatagram) {
            throw new MystError('DatagramTooLarge', `A datagram has at most ${maxDatagram} bytes on this channel.`)
          }
          if (ports.has(port) && !cuts.has(id)) carry(to, type, datagram)
        },
        onDatagram(handle) {
          onDatagram.add(handle)
          return () => void onDatagram.delete(handle)
        },
        onOnline(handle) {
          onOnline.add(handle)
          return () => void onOnline.delete(handle)
        },
      }
    },
    set: (change) => {
      weather = { ...weather, ...change }
    },
    cut(id, cut) {
      if (cut) cuts.add(id)
      else cuts.delete(id)
      for (const port of ports) if (port.id === id) port.refresh()
    },
    onSend(spy) {
      spies.add(spy)
      return () => void spies.delete(spy)
    },
    inject(to, datagram) {
      for (const port of ports) if (port.id === to) port.deliver(datagram)
    },
  }
}

/** mulberry32: small, repeatable, not for secrets. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
