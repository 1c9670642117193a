import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import type { Handlers } from '#shared/contract/commands.ts'
import { type AppState, BEAT_MS } from '#shared/contract/state.ts'
import { decode } from '#shared/contract/wire.ts'
import { silentLogger } from '../node/lib/logger.ts'
import { createStateTree } from '../node/state-tree.ts'
import { openIpcDoor } from './ipc.ts'

const ORIGIN = 'app://mysterium'
const OUR_FRAME = { url: `${ORIGIN}/index.html#/connect`, parent: null }
type Invoked = Parameters<Electron.IpcMain['handle']>[1]

/** The door with both channels at hand; contents are what Electron calls a window's inside. */
function door() {
  const invoked = new Map<string, Invoked>()
  const events = new EventEmitter()
  const state = createStateTree({ network: { name: 'first' } } as AppState)
  const ran: string[] = []
  const handlers = { 'state.get': async () => ran.push('state.get') } as unknown as Handlers
  const contents = () => {
    const sent: string[] = []
    return Object.assign(new EventEmitter(), { sent, send: (_channel: string, text: string) => void sent.push(text) })
  }
  const ours = contents()
  const ipcMain: Pick<Electron.IpcMain, 'handle' | 'on'> = {
    handle: (channel, listener) => void invoked.set(channel, listener),
    on: ((channel: string, listener: () => void) => events.on(channel, listener)) as unknown as Electron.IpcMain['on'],
  }
  openIpcDoor(
    { ipcMain, handlers, state, log: silentLogger },
    { origin: ORIGIN, isOurs: (sender) => (sender as unknown) === ours },
  )
  const eventOf = (senderFrame: unknown, sender: unknown = ours) =>
    ({ senderFrame, sender }) as Electron.IpcMainInvokeEvent
  return {
    ours,
    other: contents(),
    ran,
    state,
    async command(frame: unknown, sender: unknown, ...values: unknown[]) {
      return (await invoked.get('myst:command')?.(eventOf(frame, sender), ...values)) as string
    },
    follow: (frame: unknown, sender: unknown) => events.emit('myst:state', eventOf(frame, sender)),
    channels: () => [...invoked.keys(), ...events.eventNames()],
  }
}

test('there are two channels', () => {
  expect(door().channels()).toEqual(['myst:command', 'myst:state'])
})

test.each([
  ['a frame that is gone', null],
  ['a frame within our page', { ...OUR_FRAME, parent: OUR_FRAME }],
  ['another page', { url: 'https://mysterium.example/', parent: null }],
  ['a page whose address only begins like ours', { url: 'app://mysterium.example/index.html', parent: null }],
  ['an empty page', { url: 'about:blank', parent: null }],
])('refuses %s on both channels', async (_what, frame) => {
  const { command, follow, ours, ran } = door()
  await expect(command(frame, ours, 'state.get', '{}')).rejects.toThrow('Refused')
  follow(frame, ours)
  expect(ran).toEqual([])
  expect(ours.sent).toEqual([])
})

test('refuses another window that shows our page', async () => {
  const { command, other } = door()
  await expect(command(OUR_FRAME, other, 'state.get', '{}')).rejects.toThrow('Refused')
})

test.each([
  [['state.get', {}]],
  [[1, '{}']],
  [['state.get', 'x'.repeat(65_537)]],
  [[null, null]],
  [['state.get', '{}', []]],
])('refuses what is not text within bounds (%#)', async (values) => {
  const { command, ours, ran } = door()
  await expect(command(OUR_FRAME, ours, ...values)).rejects.toThrow('Refused')
  expect(ran).toEqual([])
})

test('answers our page, and errors come as data', async () => {
  const { command, ours } = door()
  expect(decode(await command(OUR_FRAME, ours, 'state.get', '{}'))).toEqual({ ok: 1 })
  expect(decode(await command(OUR_FRAME, ours, 'nothing', '{}'))).toMatchObject({ error: { name: 'UnknownCommand' } })
})

test('a follower gets a snapshot each time it asks, and each delta once, until its window is gone', () => {
  const { follow, ours, state } = door()
  follow(OUR_FRAME, ours)
  follow(OUR_FRAME, ours)
  state.set({ network: { ...state.get().network, name: 'second' } })
  expect(ours.sent.map((text) => (decode(text) as { kind: string }).kind)).toEqual(['snapshot', 'snapshot', 'delta'])
  ours.emit('destroyed')
  state.set({ network: { ...state.get().network, name: 'third' } })
  expect(ours.sent).toHaveLength(3)
})

test('a follower hears that the node is there while nothing changes, until its window is gone', () => {
  vi.useFakeTimers()
  try {
    const { follow, ours, state } = door()
    follow(OUR_FRAME, ours)
    follow(OUR_FRAME, ours)
    state.set({ network: { ...state.get().network, name: 'second' } })
    vi.advanceTimersByTime(2 * BEAT_MS)
    expect(ours.sent.slice(3).map(decode)).toEqual([
      { kind: 'beat', number: 1 },
      { kind: 'beat', number: 1 },
    ])
    ours.emit('destroyed')
    vi.advanceTimersByTime(10 * BEAT_MS)
    expect(ours.sent).toHaveLength(5)
  } finally {
    vi.useRealTimers()
  }
})
