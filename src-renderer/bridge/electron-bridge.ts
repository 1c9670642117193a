import type { CommandName, CommandOutput } from '#shared/contract/commands.ts'
import { encode } from '#shared/contract/wire.ts'
import { readAnswer, readStateMessage, unreachable } from './answer.ts'
import type { Bridge } from './bridge.ts'
import { type Timers, watchForSilence } from './silence.ts'

/** What the preload script puts on `window`. Texts only cross, in the contract's encoding. */
export type PreloadDoor = {
  command(name: string, encodedInput: string): Promise<string>
  onState(listener: (encodedStateMessage: string) => void): () => void
}

export function createElectronBridge(door: PreloadDoor, timers: Timers): Bridge {
  return {
    async command<Name extends CommandName>(name: Name, input: unknown) {
      let answer: string
      try {
        answer = await door.command(name, encode(input))
      } catch (cause) {
        throw unreachable(cause)
      }
      // The node made this value from the same contract; the type follows the command's name.
      return readAnswer(answer) as CommandOutput<Name>
    },
    onState(listener) {
      let isLost = false
      const watch = watchForSilence(timers, () => {
        isLost = true
        listener.onLink('lost')
      })
      listener.onLink('connecting')
      const stop = door.onState((text) => {
        const message = readStateMessage(text)
        if (!message) return
        // The window cannot outlive the node, but the node can hang; then what was sent meanwhile still comes.
        if (isLost || message.kind === 'snapshot') listener.onLink('open')
        isLost = false
        if (message.kind === 'beat') watch.heard()
        listener.onMessage(message)
      })
      return () => {
        watch.stop()
        stop()
      }
    },
  }
}
