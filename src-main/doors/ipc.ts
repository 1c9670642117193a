import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron'
import type { Handlers } from '#shared/contract/commands.ts'
import { encode } from '#shared/contract/wire.ts'
import type { Logger } from '../node/lib/logger.ts'
import type { StateTree } from '../node/state-tree.ts'
import { callEncoded } from './call.ts'
import { follow } from './follow.ts'

/**
 * The two channels; the preload script knows them too.
 *   myst:command  the page asks with name and encoded input, the answer is encoded `{ok}` or `{error}`
 *   myst:state    the page asks for state; a snapshot comes, then every delta and beats, encoded
 */
const COMMAND_CHANNEL = 'myst:command'
const STATE_CHANNEL = 'myst:state'

/** As at the HTTP door: the largest command is a keystore file of 16 KiB. */
const MAX_INPUT_CHARACTERS = 64 * 1024

export type IpcDoorDeps = {
  ipcMain: Pick<IpcMain, 'handle' | 'on'>
  handlers: Handlers
  state: Pick<StateTree, 'snapshot' | 'subscribe'>
  log: Logger
}

/** `isOurs` says whether contents are the app's own window; `origin` is where its page comes from. */
export function openIpcDoor(
  { ipcMain, handlers, state, log }: IpcDoorDeps,
  page: { origin: string; isOurs(contents: WebContents): boolean },
): void {
  /** The one wrapper that every message passes: our window, its top frame, our page, texts within bounds. */
  const checked =
    <Event extends IpcMainEvent | IpcMainInvokeEvent, Result>(act: (event: Event, texts: string[]) => Result) =>
    (event: Event, ...given: unknown[]): Result => {
      const frame = event.senderFrame
      if (!frame || frame.parent || !frame.url.startsWith(`${page.origin}/`) || !page.isOurs(event.sender)) {
        log.warn('refused a message from a page that is not ours')
        throw new Error('Refused.')
      }
      const texts = given.filter((text) => typeof text === 'string' && text.length <= MAX_INPUT_CHARACTERS)
      if (texts.length !== given.length) throw new Error('Refused.')
      return act(event, texts as string[])
    }

  ipcMain.handle(
    COMMAND_CHANNEL,
    checked((_event: IpcMainInvokeEvent, [name = '', input = '']) => callEncoded(handlers, name, input)),
  )

  const followers = new WeakSet<WebContents>()
  const asked = checked(({ sender }: IpcMainEvent) => {
    if (followers.has(sender)) return sender.send(STATE_CHANNEL, encode(state.snapshot()))
    followers.add(sender)
    const stop = follow(state, (message) => sender.send(STATE_CHANNEL, message))
    sender.once('destroyed', stop)
  })
  ipcMain.on(STATE_CHANNEL, (event, ...given: unknown[]) => {
    try {
      asked(event, ...given)
    } catch {
      // Refused and noted; there is nobody to answer.
    }
  })
}
