import type { Socket } from 'node:net'
import { z } from 'zod'

/** The first line of a helper: a proof of who started it, and why it refuses to work if it does. */
const hello = z.object({
  hello: z.string().regex(/^([0-9a-f]{64}|service)$/),
  version: z.literal(1),
  error: z.object({ name: z.string().max(64), message: z.string().max(500) }).optional(),
})
export type Hello = z.infer<typeof hello>

const MAX_LINE = 4 * 1024

/** Resolves with `undefined` for everything else; the socket is paused then. */
export function readHello(socket: Socket): Promise<Hello | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const done = (shown: Hello | undefined) => {
      socket.removeAllListeners('data')
      socket.removeAllListeners('close')
      socket.pause()
      resolve(shown)
    }
    socket.on('close', () => done(undefined))
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.length > MAX_LINE) return done(undefined)
      const end = text.indexOf('\n')
      if (end < 0) return
      try {
        done(hello.parse(JSON.parse(text.slice(0, end))))
      } catch {
        done(undefined)
      }
    })
  })
}
