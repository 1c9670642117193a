import { request } from 'node:http'
import { WebSocket } from 'ws'
import type { CommandInput, CommandName, CommandOutput } from '#shared/contract/commands.ts'
import type { StateChange, StateMessage } from '#shared/contract/state.ts'
import { decode, encode } from '#shared/contract/wire.ts'
import { fromWire, MystError } from '#shared/errors/myst-error.ts'
import type { Answer } from './call.ts'

/** How a door's user reaches a node, be it in this process or in another one. */
export type NodeAccess = {
  call<Name extends CommandName>(name: Name, input: CommandInput<Name>): Promise<CommandOutput<Name>>
  /** The snapshot first, then deltas; `onLost` when the node went away. */
  watch(listener: (message: StateChange) => void, onLost: () => void): () => void
  close(): Promise<void>
}

/** A node of this user that runs in another process, over its private socket; undefined: none runs. */
export async function reachRunningNode(socketPath: string): Promise<NodeAccess | undefined> {
  try {
    await post(socketPath, 'state.get', '{}')
  } catch {
    return undefined
  }
  return {
    async call(name, input) {
      const answer = decode(await post(socketPath, name, encode(input))) as Answer
      if ('error' in answer) throw fromWire(answer.error)
      return answer.ok as never
    },
    watch(listener, onLost) {
      const socket = new WebSocket(`ws+unix:${socketPath}:/api/state`)
      socket.on('message', (data) => {
        const message = decode(String(data)) as StateMessage
        if (message.kind !== 'beat') listener(message)
      })
      socket.on('close', onLost)
      socket.on('error', () => undefined) // `close` follows
      return () => {
        socket.off('close', onLost)
        socket.close()
      }
    },
    close: async () => undefined,
  }
}

function post(socketPath: string, name: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method: 'POST', path: `/api/command/${name}` }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () =>
        text === '' ? reject(new MystError('NodeRefused', `The node answered ${response.statusCode}.`)) : resolve(text),
      )
      response.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
