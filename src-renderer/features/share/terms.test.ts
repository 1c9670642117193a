import { expect, it } from 'vitest'
import { commands } from '#shared/contract/commands.ts'
import { MYST } from '#shared/model/units.ts'
import { acceptTerms, checkTerms, DEFAULT_TERMS, guessCountry } from './terms.ts'

const all = { openvpn: true, socks: true }
const good = { ...DEFAULT_TERMS, country: 'DE', understood: true }

it('turns a good form into the command’s input', () => {
  expect(checkTerms(good, all)).toEqual({
    ok: true,
    input: {
      services: ['openvpn', 'socks'],
      pricePerUnit: MYST / 20n,
      unit: 'GiB',
      country: 'DE',
      bandwidthMbps: 20,
      maxSessions: 5,
    },
  })
})

it('names every fault at once', () => {
  const checked = checkTerms(
    { ...good, price: '1e3', country: '', bandwidth: 'fast', maxSessions: '2.5', understood: false },
    { openvpn: false, socks: false },
  )
  expect(checked.ok ? [] : Object.keys(checked.errors).sort()).toEqual(
    ['bandwidth', 'country', 'maxSessions', 'price', 'services', 'understood'].sort(),
  )
})

it('turns limits into terms, and leaves out what was left empty', () => {
  const limits = { hours: '22:00-06:00', monthlyGib: '1.5', totalBandwidth: '40', connections: '500', allowMail: true }
  const checked = checkTerms({ ...good, ...limits }, all)
  expect(checked.ok && checked.input).toMatchObject({
    hours: '22:00-06:00',
    monthlyBytes: 3n * 2n ** 29n,
    totalBandwidthMbps: 40,
    maxConnections: 500,
    allowMail: true,
  })
  if (checked.ok) expect(commands['share.start'].input.safeParse(checked.input).success).toBe(true)
})

it.each([
  ['hours', '8-23'],
  ['hours', '08:00-25:00'],
  ['monthlyGib', '0'],
  ['monthlyGib', 'lots'],
  ['totalBandwidth', '0.01'],
  ['totalBandwidth', 'x'],
  ['connections', '2.5'],
  ['connections', '65536'],
])('says at %s what is wrong with %j', (field, text) => {
  const checked = checkTerms({ ...good, [field]: text }, all)
  expect(checked.ok ? [] : Object.keys(checked.errors)).toEqual([field])
})

it('offers only what this computer can do', () => {
  const checked = checkTerms(good, { openvpn: false, socks: true })
  expect(checked.ok && checked.input.services).toEqual(['socks'])
})

it('remembers forms and guesses countries with care', () => {
  expect(acceptTerms({ ...good, price: 3 })).toEqual({ ...good, price: DEFAULT_TERMS.price })
  expect(acceptTerms({ unit: 'byte' })).toBeUndefined()
  expect(guessCountry('de-AT')).toBe('AT')
  expect(guessCountry('en')).toBe('')
  expect(guessCountry('!')).toBe('')
})
