import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../lib/logger.ts'
import { type Anvil, startAnvil } from './anvil.ts'

const running: Anvil[] = []

async function start(options: { port?: number; blockTimeS?: number } = {}) {
  const anvil = await startAnvil({ host: '127.0.0.1', port: 0, log: silentLogger, ...options })
  running.push(anvil)
  return anvil
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((anvil) => anvil.stop()))
})

async function ask(rpc: string, method: string, headers: Record<string, string> = {}) {
  const response = await fetch(rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] }),
  })
  return { headers: response.headers, result: ((await response.json()) as { result: unknown }).result }
}

async function connection(rpc: string): Promise<Socket> {
  const socket = connect(Number(new URL(rpc).port), '127.0.0.1')
  socket.on('error', () => undefined) // as when the chain is killed: a close follows
  await once(socket, 'connect')
  return socket
}

/** `once` of node:events would fail when the connection was reset. */
const closed = (socket: Socket) => new Promise((resolve) => socket.resume().once('close', resolve))

describe('the local chain', () => {
  test('answers at a free port until it is stopped', async () => {
    const { rpc, stop } = await start()
    expect((await ask(rpc, 'eth_chainId')).result).toBe('0x7a69')
    await stop()
    await stop()
    await expect(ask(rpc, 'eth_chainId')).rejects.toThrow()
  })

  test('says so when the port is taken, and leaves the other alone', async () => {
    const { rpc } = await start()
    await expect(start({ port: Number(new URL(rpc).port) })).rejects.toMatchObject({ name: 'PortInUse' })
    expect((await ask(rpc, 'eth_chainId')).result).toBe('0x7a69')
  })

  test('says why it did not start', async () => {
    const options = { host: '192.0.2.123', port: 0, log: silentLogger }
    await expect(startAnvil(options)).rejects.toMatchObject({ name: 'AnvilFailed' })
  })

  test('makes blocks by the clock when asked to', async () => {
    const { rpc } = await start({ blockTimeS: 1 })
    await expect
      .poll(async () => Number((await ask(rpc, 'eth_blockNumber')).result), { timeout: 10_000 })
      .toBeGreaterThanOrEqual(2)
  })

  test('lets no web page in', async () => {
    const { rpc } = await start()
    const { headers } = await ask(rpc, 'eth_chainId', { origin: 'https://example.com' })
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  test.each([{ port: -1 }, { port: 65_536 }, { port: 1.5 }, { port: 0, blockTimeS: 0 }])(
    'refuses %j',
    async (options) => {
      await expect(start(options)).rejects.toMatchObject({ name: 'InvalidAnvilOptions' })
    },
  )

  const script = (then: string) => `
    import { startAnvil } from ${JSON.stringify(new URL('./anvil.ts', import.meta.url).href)}
    const log = { debug() {}, info() {}, warn() {}, error() {}, of: () => log }
    console.log((await startAnvil({ host: '127.0.0.1', port: 0, log })).rpc)
    process.stdin.once('data', () => { ${then} })`

  async function parent(then: string) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script(then)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [rpc] = (await once(createInterface(child.stdout), 'line')) as [string]
    return { child, rpc, socket: await connection(rpc) }
  }

  test('ends with the process that started it', async () => {
    const { child, rpc, socket } = await parent('process.exit(0)')
    child.stdin.write('now\n')
    await closed(socket)
    await expect(ask(rpc, 'eth_chainId')).rejects.toThrow()
  })

  test.skipIf(!existsSync('/usr/bin/setpriv'))('ends when that process is killed [needs setpriv]', async () => {
    const { child, rpc, socket } = await parent('')
    child.kill('SIGKILL')
    await closed(socket)
    await expect(ask(rpc, 'eth_chainId')).rejects.toThrow()
  })
})
