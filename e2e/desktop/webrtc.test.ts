import { createSocket } from 'node:dgram'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { hardenContents, hardenSession } from '../../src-main/desktop/harden.ts'
import { CHROMIUM } from './shell.ts'

/** What the shell asks of Electron for every page and its session. */
async function asked() {
  let policy = ''
  let proxy: Electron.ProxyConfig = {}
  const contents = {
    on: () => undefined,
    setWindowOpenHandler: () => undefined,
    setWebRTCIPHandlingPolicy: (given: string) => {
      policy = given
    },
  }
  const app = { on: (_name: string, listener: (event: unknown, made: unknown) => void) => listener({}, contents) }
  hardenContents(app as unknown as Electron.App)
  const nothing = () => undefined
  await hardenSession({
    ...{ webRequest: { onBeforeRequest: nothing }, on: nothing, setDevicePermissionHandler: nothing },
    ...{ setPermissionRequestHandler: nothing, setPermissionCheckHandler: nothing },
    setProxy: async (config: Electron.ProxyConfig) => {
      proxy = config
    },
  } as unknown as Electron.Session)
  return { policy, proxy }
}

// A page's Content-Security-Policy says nothing of WebRTC, so it is shown in the same Chromium as Electron's, with the
// same policy and proxy given as its switches.
describe.skipIf(!existsSync(CHROMIUM))('WebRTC [needs chromium]', () => {
  const datagrams: string[] = []
  const connections: string[] = []
  const udp = createSocket('udp4', (_message, { address }) => datagrams.push(address))
  const tcp = createServer((socket) => {
    connections.push(`${socket.remoteAddress}`)
    socket.destroy()
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    udp.close()
    tcp.close()
  })

  /** Tries both ways to a server, until both were gone or the browser has given up looking for ways. */
  async function gather(args: string[]): Promise<{ datagrams: number; connections: number }> {
    datagrams.length = 0
    connections.length = 0
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', ...args],
    })
    try {
      const page = await browser.newPage()
      const gathered = page.evaluate(
        async ([udpPort, tcpPort]) => {
          const connection = new RTCPeerConnection({
            iceServers: [
              { urls: `stun:127.0.0.1:${udpPort}` },
              { urls: `turn:127.0.0.1:${tcpPort}?transport=tcp`, username: 'x', credential: 'x' },
            ],
          })
          connection.createDataChannel('x')
          const done = new Promise<void>((resolve) => {
            connection.onicegatheringstatechange = () => {
              if (connection.iceGatheringState === 'complete') resolve()
            }
          })
          await connection.setLocalDescription(await connection.createOffer())
          await done
        },
        [udp.address().port, (tcp.address() as AddressInfo).port] as const,
      )
      const both = vi.waitUntil(() => datagrams.length > 0 && connections.length > 0, { timeout: 120_000 })
      await Promise.race([gathered, both])
      both.catch(() => undefined)
      gathered.catch(() => undefined)
    } finally {
      await browser.close()
    }
    return { datagrams: datagrams.length, connections: connections.length }
  }

  test('reaches nothing with what the shell sets, and would without', async () => {
    const { policy, proxy } = await asked()
    expect(policy).toBe('disable_non_proxied_udp')
    const switches = [
      `--webrtc-ip-handling-policy=${policy}`,
      `--force-webrtc-ip-handling-policy=${policy}`,
      `--proxy-server=${proxy.proxyRules}`,
      `--proxy-bypass-list=${proxy.proxyBypassRules}`,
    ]
    expect(await gather(switches)).toEqual({ datagrams: 0, connections: 0 })
    const open = await gather(['--allow-loopback-in-peer-connection'])
    expect(open.datagrams).toBeGreaterThan(0)
    expect(open.connections).toBeGreaterThan(0)
  })
})
