import { describe, expect, it, vi } from 'vitest'
import { encode } from '#shared/contract/wire.ts'
import { READY } from '../gallery/fixtures.ts'
import { readAnswer, readStateMessage } from './answer.ts'
import type { LinkState } from './bridge.ts'
import { createElectronBridge } from './electron-bridge.ts'
import { createHttpBridge, type HttpBridgeDeps, signIn } from './http-bridge.ts'

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
    const bridge = createElectronBridge({ command, onState: () => () => {} })
    expect(await bridge.command('wallet.faucet', { amount: 5n })).toEqual({ undeposited: 5n })
    expect(command).toHaveBeenCalledWith('wallet.faucet', '{"amount":{"$bigint":"5"}}')
  })

  it('does not show how the door failed', async () => {
    const bridge = createElectronBridge({
      command: () => Promise.reject(new Error('Error invoking remote method')),
      onState: () => () => {},
    })
    await expect(bridge.command('share.stop', {})).rejects.toMatchObject({ name: 'NodeUnreachable' })
  })
})

/** A browser held in the hand: sockets that open when told, timers that run when told. */
function browser(status = 200) {
  const sockets: { onmessage?: (event: { data: unknown }) => void; onclose?: () => void; close(): void }[] = []
  const timers: { run: () => void; ms: number }[] = []
  const links: LinkState[] = []
  const messages: unknown[] = []
  const state = { status }
  const deps: HttpBridgeDeps = {
    fetch: async () => {
      if (state.status === 0) throw new TypeError('fetch failed')
      return new Response(state.status === 200 ? encode({ ok: null }) : null, { status: state.status })
    },
    openSocket() {
      const socket = { close: () => socket.onclose?.() } as (typeof sockets)[number]
      sockets.push(socket)
      return socket as unknown as WebSocket
    },
    setTimeout: (run, ms) => timers.push({ run, ms }),
    clearTimeout: () => {},
    random: () => 0.5,
  }
  const listener = {
    onLink: (link: LinkState) => links.push(link),
    onMessage: (message: unknown) => messages.push(message),
  }
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  return { deps, listener, sockets, timers, links, messages, state, settled }
}

describe('the local address', () => {
  it('comes back by itself, with growing pauses, when the node went away', async () => {
    const { deps, listener, sockets, timers, links, messages, state, settled } = browser(0)
    createHttpBridge(deps).onState(listener)
    sockets[0]?.onmessage?.({ data: encode({ kind: 'snapshot', number: 0, state: READY }) })
    expect(links).toEqual(['connecting', 'open'])
    sockets[0]?.onclose?.()
    await settled()
    timers[0]?.run()
    sockets[1]?.onclose?.()
    await settled()
    expect(links.at(-1)).toBe('lost')
    expect(timers.map(({ ms }) => ms)).toEqual([500, 1000])

    state.status = 200
    timers[1]?.run()
    sockets[2]?.onmessage?.({ data: encode({ kind: 'snapshot', number: 9, state: READY }) })
    expect(links.at(-1)).toBe('open')
    expect(messages).toHaveLength(2)
    sockets[2]?.onclose?.()
    await settled()
    expect(timers[2]?.ms).toBe(500)
  })

  it('stops asking when this page is signed out', async () => {
    const { deps, listener, sockets, timers, links, settled } = browser(401)
    createHttpBridge(deps).onState(listener)
    sockets[0]?.onclose?.()
    await settled()
    expect(links).toEqual(['connecting', 'signed-out'])
    expect(timers).toHaveLength(0)
    await expect(createHttpBridge(deps).command('share.stop', {})).rejects.toMatchObject({ name: 'SignedOut' })
  })

  it('lets go of the socket with its listener', () => {
    const { deps, listener, sockets, links } = browser()
    const stop = createHttpBridge(deps).onState(listener)
    stop()
    sockets[0]?.onmessage?.({ data: encode({ kind: 'snapshot', number: 0, state: READY }) })
    expect(links).toEqual(['connecting'])
  })

  it('signs in with the token, and says when the node does not take it', async () => {
    const asked: unknown[] = []
    const fetch = (async (path: string, init: RequestInit) => {
      asked.push([path, init.method, init.body])
      return new Response(null, { status: asked.length === 1 ? 204 : 401 })
    }) as typeof globalThis.fetch
    expect(await signIn({ fetch }, 'abc')).toBe(true)
    expect(await signIn({ fetch }, 'abc')).toBe(false)
    expect(asked[0]).toEqual(['/api/login', 'POST', '{"token":"abc"}'])
  })
})
