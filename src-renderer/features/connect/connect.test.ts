import { describe, expect, it } from 'vitest'
import { GIB, MYST } from '#shared/model/units.ts'
import { CHOSEN, PROPOSALS, READY } from '../../gallery/fixtures.ts'
import { acceptFilters, countByCountry, isFiltered, matches, NO_FILTERS, toQuery } from './filters.ts'
import { pace, paidAhead } from './paid-ahead.ts'
import { affordable, priceRange } from './prices.ts'
import { canConnect, connectInput, nextTarget, proposalKey, quickTarget, whyNot } from './target.ts'

const both = { capabilities: READY.capabilities, guard: undefined }
const proxyOnly = { capabilities: { openvpn: { available: false }, socks: { available: true } }, guard: undefined }

describe('paid ahead', () => {
  const perGib = { unit: 'GiB', pricePerUnit: MYST } as const

  it('is volume where volume is paid for, and how long it lasts while something flows', () => {
    const ahead = { kind: 'volume', bytes: GIB / 2n }
    expect(paidAhead(perGib, { leftover: MYST / 2n }, 0)).toEqual(ahead)
    const tenMinutes = (Number(GIB / 2n) * 8) / 600
    expect(paidAhead(perGib, { leftover: MYST / 2n }, tenMinutes)).toEqual({
      ...ahead,
      lastsMs: expect.closeTo(600_000),
    })
    // Next to nothing flows: days are no help.
    expect(paidAhead(perGib, { leftover: MYST / 2n }, 10_000)).toEqual(ahead)
    expect(paidAhead(perGib, { leftover: MYST }, 50_000)).toEqual({ kind: 'volume', bytes: GIB })
  })

  it('is time where time is paid for', () => {
    const ahead = paidAhead({ unit: 'hour', pricePerUnit: MYST }, { leftover: MYST / 5n }, 1e6)
    expect(ahead).toEqual({ kind: 'time', durationMs: 720_000 })
  })

  it('tells free from used up', () => {
    expect(paidAhead({ ...perGib, pricePerUnit: 0n }, { leftover: 0n }, 0).kind).toBe('free')
    expect(paidAhead(perGib, { leftover: 0n }, 0).kind).toBe('nothing')
  })
})

describe('filters', () => {
  it('ask the node for numbers and skip what is half written', () => {
    expect(toQuery({ ...NO_FILTERS, maxPrice: '0.5', minBandwidth: '20', unit: 'GiB' })).toEqual({
      sort: 'price',
      limit: 10_000,
      unit: 'GiB',
      maxPricePerUnit: MYST / 2n,
      minBandwidthMbps: 20,
    })
    expect(toQuery({ ...NO_FILTERS, maxPrice: '0.', minBandwidth: '.' })).toEqual({ sort: 'price', limit: 10_000 })
  })

  it('find every word in country or provider', () => {
    const germany = { ...CHOSEN, originLocation: { country: 'DE' } }
    expect(matches(germany, { ...NO_FILTERS, search: ' GERM ' })).toBe(true)
    expect(matches(germany, { ...NO_FILTERS, search: `germany ${germany.provider.slice(0, 8)}` })).toBe(true)
    expect(matches(germany, { ...NO_FILTERS, search: 'germany nobody' })).toBe(false)
    expect(matches(germany, { ...NO_FILTERS, country: 'FR' })).toBe(false)
  })

  it('count, and know whether anything is set', () => {
    expect([...countByCountry(PROPOSALS).values()].reduce((a, b) => a + b)).toBe(PROPOSALS.length)
    expect(isFiltered({ ...NO_FILTERS, sort: 'experience' })).toBe(false)
    expect(isFiltered({ ...NO_FILTERS, unit: 'hour' })).toBe(true)
  })

  it('take back only what has the right form', () => {
    expect(acceptFilters({ ...NO_FILTERS, country: 'DE', more: 1 })).toEqual({ ...NO_FILTERS, country: 'DE' })
    expect(acceptFilters({ unit: 'parsec' })).toBeUndefined()
    expect(acceptFilters('text')).toBeUndefined()
  })
})

describe('the pace', () => {
  const samples = (rates: number[]) => rates.map((up, second) => ({ atMs: second * 1_000, up, down: 0 }))

  it('is that of the last half minute, so that no burst moves it much', () => {
    expect(pace(samples([...Array(60).fill(0), ...Array(30).fill(1e6)]))).toBeCloseTo(1e6, -5)
    expect(pace(samples([...Array(30).fill(1e6), 9e6]))).toBeLessThan(1.5e6)
  })

  it('is none as soon as nothing flows', () => {
    expect(pace(samples([...Array(30).fill(1e6), 0, 0, 0, 0]))).toBeGreaterThan(0)
    expect(pace(samples([...Array(30).fill(1e6), 0, 0, 0, 0, 0]))).toBe(0)
    expect(pace([])).toBe(0)
  })
})

describe('what is paid for', () => {
  it('quick connect means a tunnel where there is one, and never one’s own offer', () => {
    const target = quickTarget(PROPOSALS, both)
    expect(target?.candidates.every(({ serviceType, own }) => serviceType === 'openvpn' && !own)).toBe(true)
    expect(quickTarget(PROPOSALS, proxyOnly)?.first.serviceType).toBe('socks')
    expect(quickTarget([], both)).toBeUndefined()
    // Nobody reaches a proxy while the internet is blocked.
    expect(quickTarget(PROPOSALS, { ...proxyOnly, guard: 'block' as const })).toBeUndefined()
    expect(quickTarget(PROPOSALS, { ...both, guard: 'block' as const })?.first.serviceType).toBe('openvpn')
  })

  it('hands the node the list’s rules, or the one offer when only this page knows the list', () => {
    const target = quickTarget(PROPOSALS, both)
    if (!target) throw new Error('no target')
    expect(connectInput(target, { ...NO_FILTERS, country: 'DE' })).toMatchObject({
      serviceType: 'openvpn',
      originCountry: 'DE',
      sort: 'price',
    })
    expect(connectInput(target, { ...NO_FILTERS, search: 'x' })).toEqual({
      provider: target.first.provider,
      serial: target.first.serial,
      serviceType: 'openvpn',
      instead: false,
    })
    expect(connectInput({ ...target, instead: true }, NO_FILTERS)).toMatchObject({ instead: true })
  })

  it('takes the place of what runs or is tried again, and never of itself', () => {
    for (const name of ['connected', 'reconnecting'] as const) expect(canConnect(name, true)).toBe(true)
    for (const name of ['connecting', 'disconnecting', 'disconnected'] as const)
      expect(canConnect(name, true)).toBe(false)
    expect(whyNot(CHOSEN, both)).toBeUndefined()
    expect(whyNot(CHOSEN, { ...both, inUse: proposalKey(CHOSEN) })).toMatch(/through this offer/)
  })

  it('the next one is of the same kind and was not tried', () => {
    const first = nextTarget(PROPOSALS, both, new Set(), 'openvpn')?.first
    if (!first) throw new Error('no offer')
    const second = nextTarget(PROPOSALS, both, new Set([proposalKey(first)]), 'openvpn')?.first
    expect(second?.serviceType).toBe('openvpn')
    expect(second && proposalKey(second)).not.toBe(proposalKey(first))
    expect(nextTarget([first], both, new Set([proposalKey(first)]), 'openvpn')).toBeUndefined()
  })

  it('ranges and reaches are in units', () => {
    const offers = [1n, 3n, 2n].map((price) => ({ ...CHOSEN, unit: 'GiB' as const, pricePerUnit: price * MYST }))
    expect(priceRange(offers).replaceAll('\u00a0', ' ')).toBe('1 MYST to 3 MYST per GiB')
    expect(affordable(3n * MYST, { unit: 'GiB', pricePerUnit: 2n * MYST }).replaceAll('\u00a0', ' ')).toBe('1.50 GiB')
    expect(affordable(3n * MYST, { unit: 'hour', pricePerUnit: MYST })).toBe('3 hours')
  })
})
