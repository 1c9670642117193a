import { once } from 'node:events'
import { connect } from 'node:net'

/**
 * As much of a D-Bus client as a test agent needs: calls out, calls in, their answers.
 * https://dbus.freedesktop.org/doc/dbus-specification.html
 *
 * Values by signature: strings and paths `string`, numbers `number`, 64 bits `bigint`, structs, dictionary
 * entries and arrays `Value[]`, variants `{ signature, value }`.
 */
export type Value = string | number | bigint | Value[] | { signature: string; value: Value }

export type Message = {
  type: (typeof MESSAGE)[keyof typeof MESSAGE]
  serial: number
  replySerial?: number
  path?: string
  interface?: string
  member?: string
  errorName?: string
  destination?: string
  sender?: string
  signature?: string
  body: Value[]
}

export const MESSAGE = { call: 1, result: 2, error: 3, signal: 4 } as const
const FIELDS = [
  undefined,
  ['path', 'o'],
  ['interface', 's'],
  ['member', 's'],
  ['errorName', 's'],
  ['replySerial', 'u'],
  ['destination', 's'],
  ['sender', 's'],
  ['signature', 'g'],
] as const
const LITTLE_ENDIAN = 'l'.charCodeAt(0)
const FIXED_HEAD = 16

export type Bus = {
  /** Rejects with what the other side says. */
  call(message: Omit<Message, 'type' | 'serial'>): Promise<Value[]>
  answer(call: Message, answer: { signature: string; body: Value[] } | { errorName: string; text: string }): void
  /** When the bus ended the connection. */
  readonly closed: Promise<void>
}

/** Connects to the bus at that socket as this process's user; `onCall` gets what others ask of this client. */
export async function openBus(socketPath: string, onCall: (call: Message) => void): Promise<Bus> {
  const socket = connect(socketPath)
  const waiting = new Map<number, { resolve: (body: Value[]) => void; reject: (error: Error) => void }>()
  let nextSerial = 1
  await once(socket, 'connect')
  const user = Buffer.from(String(process.getuid?.())).toString('hex')
  socket.write(`\0AUTH EXTERNAL ${user}\r\n`)
  const [welcome] = (await once(socket, 'data')) as [Buffer]
  if (!welcome.toString().startsWith('OK ')) throw new Error(`the bus says ${welcome.toString().trim()}`)
  socket.write('BEGIN\r\n')

  let received: Buffer = Buffer.alloc(0)
  socket.on('data', (data) => {
    received = Buffer.concat([received, data as Buffer])
    for (;;) {
      const length = received.length < FIXED_HEAD ? Number.POSITIVE_INFINITY : lengthOf(received)
      if (received.length < length) return
      const message = decode(received.subarray(0, length))
      received = received.subarray(length)
      const request = waiting.get(message.replySerial ?? 0)
      waiting.delete(message.replySerial ?? 0)
      if (message.type === MESSAGE.call) onCall(message)
      else if (message.type === MESSAGE.result) request?.resolve(message.body)
      else if (message.type === MESSAGE.error) {
        request?.reject(new Error(`${message.errorName}: ${String(message.body[0])}`))
      }
    }
  })
  const send = (message: Omit<Message, 'serial'>): number => {
    const serial = nextSerial++
    socket.write(encode({ ...message, serial }))
    return serial
  }
  const bus: Bus = {
    call: (message) =>
      new Promise((resolve, reject) => {
        waiting.set(send({ ...message, type: MESSAGE.call }), { resolve, reject })
      }),
    answer(call, answer) {
      const to = { replySerial: call.serial, ...(call.sender === undefined ? {} : { destination: call.sender }) }
      if ('signature' in answer) send({ type: MESSAGE.result, ...to, ...answer })
      else send({ type: MESSAGE.error, ...to, errorName: answer.errorName, signature: 's', body: [answer.text] })
    },
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
  }
  const name = 'org.freedesktop.DBus'
  await bus.call({ destination: name, path: '/org/freedesktop/DBus', interface: name, member: 'Hello', body: [] })
  return bus
}

const aligned = (offset: number, to: number) => Math.ceil(offset / to) * to

function lengthOf(head: Buffer): number {
  return aligned(FIXED_HEAD + head.readUInt32LE(12), 8) + head.readUInt32LE(4)
}

function encode(message: Message): Buffer {
  const body = createWriter()
  const types = split(message.signature ?? '')
  for (const [index, type] of types.entries()) body.write(type, message.body[index] as Value)
  const head = createWriter()
  for (const byte of [LITTLE_ENDIAN, message.type, 0, 1]) head.write('y', byte)
  head.write('u', body.bytes().length)
  head.write('u', message.serial)
  const fields = FIELDS.flatMap((field, code) => {
    const value = field && message[field[0]]
    return field && value !== undefined ? [[code, { signature: field[1], value }]] : []
  })
  head.write('a(yv)', fields)
  head.align(8)
  return Buffer.concat([head.bytes(), body.bytes()])
}

function decode(bytes: Buffer): Message {
  if (bytes[0] !== LITTLE_ENDIAN) throw new Error('a message of another byte order')
  const head = createReader(bytes)
  const [, type, , , , serial] = [...'yyyyuu'].map((kind) => head.read(kind)) as number[]
  const message = { type, serial, body: [] } as unknown as Message
  for (const [code, field] of head.read('a(yv)') as [number, { value: Value }][]) {
    const name = FIELDS[code]?.[0]
    if (name) Object.assign(message, { [name]: field.value })
  }
  const body = createReader(bytes.subarray(head.align(8)))
  message.body = split(message.signature ?? '').map((kind) => body.read(kind))
  return message
}

const SIZE: Record<string, number> = { y: 1, b: 4, u: 4, i: 4, t: 8, x: 8, s: 4, o: 4, g: 1, v: 1, a: 4 }
const alignmentOf = (type: string): number => SIZE[type[0] ?? ''] ?? 8

function createWriter() {
  const parts: number[] = []
  const number = (value: bigint, size: number) => {
    for (let byte = 0; byte < size; byte++) parts.push(Number((value >> BigInt(8 * byte)) & 255n))
  }
  const align = (to: number) => {
    while (parts.length % to !== 0) parts.push(0)
  }
  const write = (type: string, value: Value): void => {
    align(alignmentOf(type))
    const kind = type[0] ?? ''
    if (kind === 's' || kind === 'o' || kind === 'g') {
      const text = Buffer.from(value as string)
      number(BigInt(text.length), SIZE[kind] ?? 4)
      parts.push(...text, 0)
    } else if (kind === 'v') {
      const variant = value as { signature: string; value: Value }
      write('g', variant.signature)
      write(variant.signature, variant.value)
    } else if (kind === 'a') {
      const lengthAt = parts.length
      number(0n, 4)
      align(alignmentOf(type.slice(1)))
      const begin = parts.length
      for (const item of value as Value[]) write(type.slice(1), item)
      const length = createWriter()
      length.write('u', parts.length - begin)
      parts.splice(lengthAt, 4, ...length.bytes())
    } else if (kind === '(' || kind === '{') {
      for (const [index, part] of split(type.slice(1, -1)).entries()) write(part, (value as Value[])[index] as Value)
    } else number(BigInt(value as number | bigint), SIZE[kind] ?? 0)
  }
  return { write, align, bytes: () => Buffer.from(parts) }
}

function createReader(bytes: Buffer) {
  let at = 0
  const align = (to: number) => (at = aligned(at, to))
  const number = (size: number) => {
    const value = bytes.subarray(at, at + size).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
    at += size
    return value
  }
  const read = (type: string): Value => {
    align(alignmentOf(type))
    const kind = type[0] ?? ''
    if (kind === 's' || kind === 'o' || kind === 'g') {
      const length = Number(number(SIZE[kind] ?? 4))
      const text = bytes.toString('utf8', at, at + length)
      at += length + 1
      return text
    }
    if (kind === 'v') {
      const signature = read('g') as string
      return { signature, value: read(signature) }
    }
    if (kind === 'a') {
      const length = Number(number(4))
      const end = align(alignmentOf(type.slice(1))) + length
      const items: Value[] = []
      while (at < end) items.push(read(type.slice(1)))
      return items
    }
    if (kind === '(' || kind === '{') return split(type.slice(1, -1)).map(read)
    const value = number(SIZE[kind] ?? 0)
    return SIZE[kind] === 8 ? value : Number(value)
  }
  return { read, align }
}

/** `sa{sv}(su)` → `s`, `a{sv}`, `(su)`. */
function split(signature: string): string[] {
  const types: string[] = []
  let depth = 0
  let type = ''
  for (const letter of signature) {
    type += letter
    if (letter === '(' || letter === '{') depth++
    if (letter === ')' || letter === '}') depth--
    if (depth === 0 && letter !== 'a') {
      types.push(type)
      type = ''
    }
  }
  return types
}
