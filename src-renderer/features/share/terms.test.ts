import { expect, it } from 'vitest'
import { commands } from '#shared/contract/commands.ts'
import { MYST } from '#shared/model/units.ts'
import { speak } from '../../messages/index.ts'
import { acceptTerms, checkTerms, DEFAULT_TERMS, errorsLeft, lessOffered, typedTerms } from './terms.ts'

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

it('takes a whole number as its placeholder writes it, and hours of one digit', () => {
  const checked = checkTerms({ ...good, connections: '2,000', maxSessions: '5', hours: '8:00-23:00' }, all)
  expect(checked.ok && checked.input).toMatchObject({ maxConnections: 2_000, maxSessions: 5, hours: '08:00-23:00' })
})

it('says of too much that it is too much', () => {
  const checked = checkTerms({ ...good, monthlyGib: '999999999999' }, all)
  expect(!checked.ok && checked.errors.monthlyGib).toContain('1,000,000')
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

it('clears the error of the field that is edited, and of no other', () => {
  const before = { ...good, price: 'x', country: '', openvpn: false, socks: false }
  const checked = checkTerms(before, all)
  if (checked.ok) throw new Error('This form is wrong in three places.')
  expect(Object.keys(errorsLeft(checked.errors, before, { ...before, price: '1' })).sort()).toEqual([
    'country',
    'services',
  ])
  expect(Object.keys(errorsLeft(checked.errors, before, { ...before, socks: true })).sort()).toEqual([
    'country',
    'price',
  ])
  expect(errorsLeft(checked.errors, before, { ...before, hours: '1' })).toEqual(checked.errors)
})

it('chooses no country by itself', () => {
  const checked = checkTerms({ ...DEFAULT_TERMS, understood: true }, all)
  expect(checked.ok ? [] : Object.keys(checked.errors)).toEqual(['country'])
})

it('types the terms that run so that the same come out again', () => {
  const limits = { hours: '22:00-06:00', monthlyGib: '1.5', totalBandwidth: '40', connections: '500', allowMail: true }
  for (const form of [good, { ...good, ...limits, socks: false, unit: 'hour' as const, price: '1.2340' }]) {
    const checked = checkTerms(form, all)
    if (!checked.ok) throw new Error('These terms are good.')
    const parsed = commands['share.start'].input.parse(checked.input)
    expect(checkTerms(typedTerms(parsed), all)).toEqual(checked)
  }
})

it('shows a kept form as the language writes numbers now', () => {
  speak('de', ['de-DE'])
  expect(acceptTerms({ ...good, price: '0.05', bandwidth: '2.5' })).toMatchObject({ price: '0,05', bandwidth: '2,5' })
  speak('en', [])
})

it('remembers forms with care', () => {
  expect(acceptTerms({ ...good, price: 3 })).toEqual({ ...good, price: DEFAULT_TERMS.price })
  expect(acceptTerms({ unit: 'byte' })).toBeUndefined()
})

it('says the most that a price may be', () => {
  expect(checkTerms({ ...good, price: '1000000' }, all).ok).toBe(true)
  for (const price of ['1000001', '9'.repeat(30)]) {
    const checked = checkTerms({ ...good, price }, all)
    expect(checked.ok ? '' : checked.errors.price).toContain('1,000,000 MYST')
  }
})

it('tells what is offered where all together may use less than one person', () => {
  expect(lessOffered(good, 2)).toBeUndefined()
  expect(lessOffered({ ...good, totalBandwidth: '5' }, 2)).toBe(2.5)
  expect(lessOffered({ ...good, totalBandwidth: '5' }, 1)).toBe(5)
  expect(lessOffered({ ...good, totalBandwidth: '40' }, 2)).toBeUndefined()
  expect(lessOffered({ ...good, totalBandwidth: 'x' }, 2)).toBeUndefined()
})
