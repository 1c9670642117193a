import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { isIPv4, isIPv6 } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { createLineReader, printable } from '../../helper/lines.ts'
import { createManagementParser, MAX_MANAGEMENT_LINE, type ManagementEvent } from '../../helper/management.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { silentLogger as log } from '../lib/logger.ts'
import type { PrivilegeEvent } from '../ports/privilege.ts'
import { alteredBytes, alteredJson, hostileText, SEED, tryCases, type Verdict } from '../testing/hostile.ts'
import { answerFrame, eventFrame, networkResult, trafficResult, tunnelResult } from './frames.ts'
import { openVpnAvailability } from './openvpn-availability.ts'
import { createPrivilege } from './privilege-client.ts'

/** Times more cases in `npm run test:deep`. */
const TIMES = process.env.DEEP === '1' ? 15 : 1

describe("lines of OpenVPN's management interface, with texts of strangers in them", () => {
  const LINES = [
    '>INFO:OpenVPN Management Interface Version 5 -- type "help" for more info',
    '>HOLD:Waiting for hold release:5',
    '>STATE:1700000000,CONNECTED,SUCCESS,10.99.1.2,203.0.113.10,1194,,,fd12:3456:789a:1::2',
    '>STATE:1700000000,RECONNECTING,tls-error,,,,,',
    '>FATAL:Cannot open TUN/TAP dev /dev/net/tun',
    '>LOG:1700000000,W,VERIFY OK: depth=0, CN=session-1',
    '>ECHO:1700000000,forget-passwords',
    '>INFOMSG:OPEN_URL:https://a.example/',
    'SUCCESS: hold release succeeded',
    'HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\tBytes Received',
    'CLIENT_LIST\tsession-1\t198.51.100.10:1194\t10.99.1.2\tfd12::2\t100\t200\tnow\t1700000000\tUNDEF\t7\t0\tAES-256-GCM',
    'CLIENT_LIST\tUNDEF\t198.51.100.10:1195\t\t\t0\t0\tnow\t1700000000\tUNDEF\t8\t1\t',
    'END',
  ]
  const line = fc.oneof(
    fc.constantFrom(...LINES),
    fc.tuple(fc.constantFrom(...LINES), hostileText, fc.nat(200)).map(([whole, text, at]) => {
      return whole.slice(0, at) + text + whole.slice(at)
    }),
    fc.tuple(fc.constantFrom(...LINES), hostileText, fc.nat(20)).map(([whole, text, field]) => {
      const [sign = ''] = /[\t,]/.exec(whole) ?? []
      const fields = whole.split(sign)
      fields[field % fields.length] = text
      return fields.join(sign)
    }),
    hostileText,
  )

  function judgeEvent(event: ManagementEvent): void {
    if (event.event === 'hold') expect(event.waitSeconds >= 0 && event.waitSeconds <= 10).toBe(true)
    else if (event.event === 'state') {
      // These become arguments and rules.
      expect(event.address4 === undefined || isIPv4(event.address4)).toBe(true)
      expect(event.address6 === undefined || (isIPv6(event.address6) && /^[0-9a-f:.]+$/.test(event.address6))).toBe(
        true,
      )
    } else if (event.event === 'clients') {
      expect(event.clients.length).toBeLessThanOrEqual(1_024)
      for (const { clientId, commonName } of event.clients) {
        expect(Number.isSafeInteger(clientId) && clientId >= 0).toBe(true)
        expect(commonName).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
      }
    } else expect(event).toEqual({ event: 'fatal', message: expect.any(String) })
  }

  it('become events of their form or none', async () => {
    const seen: ManagementEvent[] = []
    const parse = createManagementParser((event) => seen.push(event))
    for (const whole of LINES) parse(whole)
    expect(seen.map(({ event }) => event)).toEqual(['hold', 'state', 'state', 'fatal', 'clients'])
    expect(seen.at(-1)).toEqual({ event: 'clients', clients: [{ clientId: 7, commonName: 'session-1' }] })
    await tryCases("lines of OpenVPN's", 1_000 * TIMES, fc.array(line, { maxLength: 12 }), (lines) => {
      const events: ManagementEvent[] = []
      const read = createLineReader(
        MAX_MANAGEMENT_LINE,
        createManagementParser((event) => events.push(event)),
        () => undefined,
      )
      read(Buffer.from(lines.map((text) => `${text}\r\n`).join('')))
      for (const event of events) judgeEvent(event)
      return events.length > 0 ? 'accepted' : 'refused'
    })
  }, 600_000)

  it('reach a log as what can be printed', async () => {
    expect(printable('VERIFY OK: CN=session-1')).toBe('VERIFY OK: CN=session-1')
    await tryCases('lines for the log', 500 * TIMES, hostileText, (text) => {
      expect(printable(text)).toMatch(/^[ -~]*$/)
      return printable(text) === text ? 'accepted' : 'refused'
    })
  }, 600_000)

  it('become no longer list than there can be clients', () => {
    let listed = 0
    const parse = createManagementParser((event) => {
      if (event.event === 'clients') listed = event.clients.length
    })
    parse(LINES[9] ?? '')
    for (let count = 0; count < 5_000; count++) parse(LINES[10] ?? '')
    parse('END')
    expect(listed).toBe(1_024)
  })
})

describe('frames of a helper that is not what it was', () => {
  const EVENTS = [
    { event: 'tunnel', state: 'down', device: 'mystc0', message: 'The connection to the provider was lost.' },
    { event: 'tunnel-unasked', bytes: '100' },
    { event: 'server', state: 'down', message: 'OpenVPN ended unexpectedly.' },
    { event: 'server-client', state: 'here', commonName: 'session-1' },
    { event: 'server-traffic', commonName: 'session-1', bytesUp: '1', bytesDown: '18446744073709551615' },
  ]
  const ANSWERS = [
    { id: 1_000, result: { state: 'blocked', since: 1_700_000_000_000 } },
    { id: 1_001, result: { device: 'mystc0' } },
    { id: 1_002, result: { bytesUp: '1', bytesDown: '2' } },
    { id: 1_003, error: { name: 'PortInUse', message: 'The port is in use by another program; choose another one.' } },
  ]
  const frame = fc.oneof(
    ...[...EVENTS, ...ANSWERS].map((whole) => alteredJson(whole)),
    ...[...EVENTS, ...ANSWERS].map((whole) => alteredBytes(Buffer.from(JSON.stringify(whole))).map(String)),
  )
  const NAME = /^[A-Za-z0-9_-]{1,64}$/
  /** What a person may be shown as it is: one line, and nothing that moves a cursor or turns the writing round. */
  const SENTENCE = /^[^\p{C}\p{Zl}\p{Zp}]{0,500}$/u

  function judgeEvent(event: object): void {
    const { bytes, bytesUp = bytes, bytesDown, commonName, message, device, ...rest } = event as Record<string, unknown>
    for (const figure of [bytesUp, bytesDown]) if (figure !== undefined) expect(figure).toMatch(/^\d{1,20}$/)
    if (commonName !== undefined) expect(commonName).toMatch(NAME)
    if (message !== undefined) expect(message).toMatch(SENTENCE)
    if (device !== undefined) expect(device).toMatch(/^[a-z0-9]{1,15}$/)
    expect(Object.keys(rest).filter((key) => key !== 'event' && key !== 'state')).toEqual([])
  }

  function judge(text: string): Verdict {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return 'refused'
    }
    const event = eventFrame.safeParse(value)
    if (event.success) judgeEvent(event.data)
    const answer = answerFrame.safeParse(value)
    if (answer.success && 'error' in answer.data) {
      expect(answer.data.error.name).toMatch(/^[A-Za-z]{1,64}$/)
      expect(answer.data.error.message).toMatch(SENTENCE)
    }
    if (answer.success && 'result' in answer.data) {
      for (const schema of [networkResult, trafficResult, tunnelResult]) schema.safeParse(answer.data.result)
    }
    return event.success || answer.success ? 'accepted' : 'refused'
  }

  it('are taken in their form or not at all', async () => {
    for (const whole of [...EVENTS, ...ANSWERS]) expect(judge(JSON.stringify(whole))).toBe('accepted')
    await tryCases('frames of the helper', 1_500 * TIMES, frame, judge)
    expect(Object.keys(Object.prototype)).toEqual([])
  }, 600_000)

  /** Would be taken for the answer to one of the first requests, in whatever notation the number stands: `0e03`. */
  function answersARequest(text: string): boolean {
    try {
      const answer = answerFrame.safeParse(JSON.parse(text))
      return answer.success && Math.abs(answer.data.id) < 10
    } catch {
      return false
    }
  }

  const dir = mkdtempSync(join(tmpdir(), 'hostile-helper-'))
  afterAll(() => rmSync(dir, { recursive: true }))
  /** Says who it is, all that it is given to say, and then nothing but wrong answers. */
  const HELPER = `
    import { readFileSync } from 'node:fs'
    import { connect } from 'node:net'
    const directory = process.argv[process.argv.indexOf('--socket') + 1]
    const frames = readFileSync(${JSON.stringify(join(dir, 'frames'))})
    const socket = connect(directory + '/socket', () =>
      socket.write(JSON.stringify({ hello: readFileSync(directory + '/secret', 'utf8'), version: 1 }) + '\\n'))
    let said = false
    let text = ''
    socket.on('error', () => process.exit()).on('close', () => process.exit())
    socket.on('data', (data) => {
      const lines = (text + data).split('\\n')
      text = lines.pop()
      if (lines.length > 0 && !said) socket.write(frames)
      said = true
      for (const line of lines) socket.write(JSON.stringify({ id: JSON.parse(line).id, result: { device: '../x' } }) + '\\n')
    })`

  const unavailable = process.getuid?.() !== 0 || !openVpnAvailability().available
  it.skipIf(unavailable)('harm nobody who is connected with it [needs root] [needs openvpn]', async () => {
    const texts = fc.sample(frame, { numRuns: 2_000, seed: SEED }).map((text) => text.replaceAll('\n', ' '))
    const lines = texts.filter((text) => text.length < 60_000 && !answersARequest(text))
    writeFileSync(join(dir, 'frames'), [...lines, ...EVENTS.map((event) => JSON.stringify(event)), ''].join('\n'))
    writeFileSync(join(dir, 'helper.mjs'), HELPER)
    const privilege = createPrivilege({ log, clock }, { helperPath: join(dir, 'helper.mjs') })
    const events: PrivilegeEvent[] = []
    privilege.onEvent((event) => {
      judgeEvent(event)
      events.push(event)
    })
    await privilege.ensure()
    const wrong = { name: 'HelperFailed' }
    await expect(privilege.networkState()).rejects.toMatchObject(wrong)
    await expect(privilege.serverTraffic({ commonName: 'session-1' })).rejects.toMatchObject(wrong)
    await expect(privilege.tunnelStart({} as never)).rejects.toMatchObject(wrong)
    expect(events.slice(-EVENTS.length)).toEqual(EVENTS)
    expect(events.length).toBeGreaterThan(2 * EVENTS.length)
    await privilege.stop()
    await expect(privilege.serverAdmit({ commonName: 'session-1' })).rejects.toMatchObject({ name: 'HelperGone' })
  })
})
