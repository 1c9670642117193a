import { expect, it } from 'vitest'
import { systemClock } from './lib/clock.ts'
import { silentLogger } from './lib/logger.ts'
import { announcedAddress, createReach } from './reach.ts'

const asked: string[] = []
const look = (answer: string | Error, change: Partial<Parameters<typeof createReach>[0]> = {}) =>
  createReach({
    ...{ probes: ['http://probe.example/'], towards: '127.0.0.1', clock: systemClock, log: silentLogger },
    ownAddresses: () => ['127.0.0.1', '203.0.113.9', '2001:db8::9'],
    isTunneled: () => false,
    async fetchDirectly(url) {
      asked.push(url)
      if (answer instanceof Error) throw answer
      return answer
    },
    ...change,
  })()

it('calls an address public that is on this machine, and that one is announced', async () => {
  const reach = await look('203.0.113.9\n')
  expect(reach).toMatchObject({ verdict: 'public', own: '127.0.0.1', seen: '203.0.113.9' })
  expect(announcedAddress(reach)).toBe('127.0.0.1')
})

it('knows a router by an address that is on no interface, and has that one announced', async () => {
  const reach = await look('198.51.100.7')
  expect(reach).toMatchObject({ verdict: 'behind-router', own: '127.0.0.1', seen: '198.51.100.7' })
  expect(announcedAddress(reach)).toBe('198.51.100.7')
})

it('knows IPv6 in each of its forms', async () => {
  const six = { towards: '::1' }
  expect(await look('2001:DB8:0:0::9', six)).toMatchObject({ verdict: 'public', own: '::1' })
  expect(await look('2001:db8::a', six)).toMatchObject({ verdict: 'behind-router' })
})

it('says why it cannot tell, and leaves the address as it is', async () => {
  expect(await look(new Error('no'))).toMatchObject({ verdict: 'unknown', why: 'no-answer' })
  expect(await look('<html>')).toMatchObject({ verdict: 'unknown', why: 'no-answer' })
  const other = await look('2001:db8::a')
  expect(other).toMatchObject({ verdict: 'unknown', why: 'other-family' })
  expect(announcedAddress(other)).toBe('127.0.0.1')
})

it('asks nobody through a tunnel, nor where there is nobody', async () => {
  asked.length = 0
  expect(await look('203.0.113.9', { isTunneled: () => true })).toMatchObject({ verdict: 'unknown', why: 'tunnel' })
  expect(await look('203.0.113.9', { probes: [] })).toMatchObject({ verdict: 'unknown', why: 'no-probe' })
  expect(asked).toEqual([])
  await look('203.0.113.9')
  expect(asked).toEqual(['http://probe.example/'])
})

it('finds the addresses of this machine', async () => {
  const reach = createReach({
    ...{ probes: ['http://probe.example/'], towards: '127.0.0.1', clock: systemClock, log: silentLogger },
    isTunneled: () => false,
    fetchDirectly: async () => '127.0.0.1',
  })
  expect((await reach()).verdict).toBe('public')
})
