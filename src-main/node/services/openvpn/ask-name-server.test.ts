import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, it } from 'vitest'

import { askNameServer } from './fetch-through.ts'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

/** A name server that gives every question this response code; undefined: it says nothing. */
async function nameServer(code: number | undefined) {
  const socket = createSocket('udp4')
  sockets.push(socket)
  const from: string[] = []
  socket.on('message', (question, peer) => {
    from.push(peer.address)
    if (code === undefined) return
    const answer = Buffer.from(question)
    answer.writeUInt16BE(0x8180 | code, 2)
    // An answer without the additional record that a question may carry.
    answer.writeUInt16BE(0, 10)
    socket.send(answer.subarray(0, question.length - (question.readUInt16BE(10) ? 11 : 0)), peer.port, peer.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const ask = (ms = 5_000) =>
    askNameServer(
      ...(['127.0.0.1', 'mysterium.invalid', { ipv4: '127.0.0.2', ipv6: undefined }] as const),
      AbortSignal.timeout(ms),
      socket.address().port,
    )
  return { ask, from }
}

const NO_SUCH_NAME = 3
const REFUSED = 5

it('takes "there is no such name" for an answer, and asks from the given address', async () => {
  const { ask, from } = await nameServer(NO_SUCH_NAME)
  await ask()
  expect(new Set(from)).toEqual(new Set(['127.0.0.2']))
})

it('takes neither a refusal nor silence for one', async () => {
  await expect((await nameServer(REFUSED)).ask()).rejects.toMatchObject({ name: 'ProbeFailed' })
  await expect((await nameServer(undefined)).ask(500)).rejects.toThrow()
})
