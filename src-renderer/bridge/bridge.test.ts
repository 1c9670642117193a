import { describe, expect, it, vi } from 'vitest'
import { encode } from '#shared/contract/wire.ts'
import { READY } from '../gallery/fixtures.ts'
import { readAnswer, readStateMessage } from './answer.ts'
import type { LinkState } from './bridge.ts'
import { createElectronBridge } from './electron-bridge.ts'
import { createHttpBridge, type HttpBridgeDeps, signIn } from './http-bridge.ts'
import { SILENCE_MS } from './silence.ts'

describe('answers', () => {
  it('gives back what the node said, big numbers whole', () => {
    expect(readAnswer(encode({ ok: { amount: 2n ** 90n } }))).toEqual({ amount: 2n ** 90n })
    expect(readAnswer(encode({ ok: null }))).toBeNull()
  })

  it('throws the node’s own error, with name and details', () => {
    const error = { name: 'WrongPassphrase', message: 'The passphrase does not open this key.', details: { tries: 1 } }
    expect(() => readAnswer(encode({ error }))).toThrowError(expect.objectContaining(error))
  })

  it.each(['', '<html>', '[]', '{}', '{"error":"x"}', 'null'])('says so when it cannot read %j', (text) => {
    expect(() => readAnswer(text)).toThrowError(expect.objectContaining({ name: 'UnreadableAnswer' }))
  })

  it('takes state messages only in their form', () => {
    const snapshot = { kind: 'snapshot', number: 3, state: READY }
    expect(readStateMessage(encode(snapshot))).toEqual(snapshot)
    expect(readStateMessage(encode({ kind: 'delta', number: 4, set: {} }))).toBeDefined()
    expect(readStateMessage(encode({ kind: 'delta', number: 4 }))).toBeUndefined()
    expect(readStateMessage(encode({ kind: 'delta', number: '4', set: {} }))).toBeUndefined()
    expect(readStateMessage('nonsense')).toBeUndefined()
  })
})

describe('the desktop door', () => {
  it('sends encoded input and reads encoded output', async () => {
    const command = vi.fn(async () => encode({ ok: { undeposited: 5n } }))
    const bridge = createElectronBridge({ command, onState: () => () => {} }, NO_TIMERS)
    expect(await bridge.command('wallet.faucet', { amount: 5n })).toEqual({ undeposited: 5n })
    expect(command).toHaveBeenCalledWith('wallet.faucet', '{"amount":{"$bigint":"5"}}')
  })

  it('does not show how the door failed', async () => {
    const bridge = createElectronBridge(
      { command: () => Promise.reject(new Error('Error invoking remote method')), onState: () => () => {} },
      NO_TIMERS,
    )
    await expect(bridge.command('share.stop', {})).rejects.toMatchObject({ name: 'NodeUnreachable' })
  })

  it('says when a node that sent beats falls silent, and when it is back', () => {
    const { timers, running, run } = heldTimers()
    const links: LinkState[] = []
    let send = (_text: string) => {}
    const door = {
      command: vi.fn(),
      onState(listener: typeof send) {
        send = listener
        return () => {}
      },
    }
    createElectronBridge(door, timers).onState({ onLink: (link) => links.push(link), onMessage: () => {} })
    send(encode({ kind: 'snapshot', number: 1, state: READY }))
    expect(running()).toEqual([])
    send(encode({ kind: 'beat', number: 1 }))
    send(encode({ kind: 'beat', number: 1 }))
    expect(running()).toEqual([SILENCE_MS])
    run()
    expect(links).toEqual(['connecting', 'open', 'lost'])
    send(encode({ kind: 'delta', number: 2, set: {} }))
    expect(links.at(-1)).toBe('open')
  })
})

const NO_TIMERS = { setTimeout: () => 0, clearTimeout: () => {} }

/** Timers that run when told: `run` takes the one that was set last. */
function heldTimers() {
  const all = new Map<number, { run: () => void; ms: number }>()
  let next = 1
  return {
    timers: {
      setTimeout(run: () => void, ms: number) {
        all.set(next, { run, ms })
        return next++
      },
      clearTimeout: (timer: number) => void all.delete(timer),
    },
    running: () => [...all.values()].map(({ ms }) => ms),
    run() {
      const [id, last] = [...all].at(-1) ?? []
      if (id !== undefined) all.delete(id)
      last?.run()
    },
  }
}

/** A browser held in the hand: sockets that open when told, timers that run when told. */
function browser(status = 200) {
  const sockets: { onmessage?: (event: { data: unknown }) => void; onclose?: () => void; close(): void }[] = []
  const { timers, running, run } = heldTimers()
  const links: LinkState[] = []
  const messages: unknown[] = []
  const asked: { path: string; headers: unknown; body: unknown }[] = []
  const state = { status }
  const deps: HttpBridgeDeps = {
    ...timers,
    fetch: (async (path: string, init: RequestInit) => {
      asked.push({ path, headers: init.headers, body: init.body })
      if (state.status === 0) throw new TypeError('fetch failed')
      return new Response(state.status === 200 ? encode({ ok: null }) : null, { status: state.status })
    }) as typeof fetch,
    openSocket(path, protocols) {
      expect([path, protocols]).toEqual(['/api/state', ['myst', 'secret']])
      const socket = { close: () => socket.onclose?.() } as (typeof sockets)[number]
      sockets.push(socket)
      return socket as unknown as WebSocket
    },
    random: () => 0.5,
    origin: 'http://127.0.0.1:4050',
  }
  const listener = {
    onLink: (link: LinkState) => links.push(link),
    onMessage: (message: unknown) => messages.push(message),
  }
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  const bridge = createHttpBridge(deps, 'secret')
  return { bridge, listener, sockets, running, run, links, messages, asked, state, settled }
}

const SNAPSHOT = { data: encode({ kind: 'snapshot', number: 0, state: READY }) }

describe('the local address', () => {
  it('comes back by itself, with growing pauses, when the node went away', async () => {
    const { bridge, listener, sockets, running, run, links, messages, state, settled } = browser(0)
    bridge.onState(listener)
    sockets[0]?.onmessage?.(SNAPSHOT)
    expect(links).toEqual(['connecting', 'open'])
    sockets[0]?.onclose?.()
    await settled()
    expect(running()).toEqual([500])
    run()
    sockets[1]?.onclose?.()
    await settled()
    expect(links.at(-1)).toBe('lost')
    expect(running()).toEqual([1000])

    state.status = 200
    run()
    sockets[2]?.onmessage?.(SNAPSHOT)
    expect(links.at(-1)).toBe('open')
    expect(messages).toHaveLength(2)
    sockets[2]?.onclose?.()
    await settled()
    expect(running()).toEqual([500])
  })

  it('notices that the node hangs while its socket stays open, and goes on with another', async () => {
    const { bridge, listener, sockets, running, run, links, settled } = browser()
    bridge.onState(listener)
    sockets[0]?.onmessage?.(SNAPSHOT)
    sockets[0]?.onmessage?.({ data: encode({ kind: 'beat', number: 0 }) })
    expect(running()).toEqual([SILENCE_MS])
    run()
    expect(links.at(-1)).toBe('lost')
    await settled()
    run()
    // The next one is silent from its beginning.
    expect(sockets).toHaveLength(2)
    expect(running()).toEqual([SILENCE_MS])
    run()
    await settled()
    run()
    sockets[2]?.onmessage?.(SNAPSHOT)
    expect(links.at(-1)).toBe('open')
    // What comes late from the first is nobody's.
    sockets[0]?.onclose?.()
    await settled()
    expect(running()).toEqual([SILENCE_MS])
  })

  it.each([
    [401, 'signed-out', 'SignedOut'],
    [423, 'locked', 'PageLocked'],
  ])('stops asking when the node says %i', async (status, link, name) => {
    const { bridge, listener, sockets, running, links, settled } = browser(status)
    bridge.onState(listener)
    sockets[0]?.onclose?.()
    await settled()
    expect(links).toEqual(['connecting', link])
    expect(running()).toEqual([])
    await expect(bridge.command('share.stop', {})).rejects.toMatchObject({ name })
  })

  it('shows its secret with everything it asks', async () => {
    const { bridge, asked } = browser()
    await bridge.command('share.stop', {})
    await bridge.unlock('words')
    bridge.active()
    expect(asked.map(({ path, body }) => [path, body])).toEqual([
      ['/api/command/share.stop', '{}'],
      ['/api/unlock', '{"passphrase":"words"}'],
      ['/api/active', '{}'],
    ])
    for (const { headers } of asked) expect(headers).toMatchObject({ authorization: 'Bearer secret' })
  })

  it('lets go of the socket with its listener', () => {
    const { bridge, listener, sockets, running, links } = browser()
    const stop = bridge.onState(listener)
    stop()
    sockets[0]?.onmessage?.(SNAPSHOT)
    expect(links).toEqual(['connecting'])
    expect(running()).toEqual([])
  })

  it('signs in with the token, and says when the node does not take it', async () => {
    const asked: unknown[] = []
    const fetch = (async (path: string, init: RequestInit) => {
      asked.push([path, init.method, init.body])
      return asked.length === 1 ? Response.json({ secret: 's' }) : new Response(null, { status: 401 })
    }) as typeof globalThis.fetch
    expect(await signIn({ fetch }, 'abc')).toBe('s')
    expect(await signIn({ fetch }, 'abc')).toBeUndefined()
    expect(asked[0]).toEqual(['/api/login', 'POST', '{"token":"abc"}'])
  })
})
