import { expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '#shared/contract/settings.ts'
import type { AppState } from '#shared/contract/state.ts'
import { MYST } from '#shared/model/units.ts'
import { initialState } from '../../node/initial-state.ts'
import { sharingObject, sharingSentences } from './status.ts'

const base = initialState({ network: undefined, settings: DEFAULT_SETTINGS, connection: { name: 'disconnected' } })
const consumer = `0x${'1'.repeat(40)}` as const
const sharing: AppState = {
  ...base,
  identity: { ...base.identity, unlocked: true },
  wallet: { ...base.wallet, receivable: 2n * MYST },
  share: {
    ...base.share,
    state: 'on',
    terms: {
      ...{ services: ['openvpn', 'socks'], pricePerUnit: MYST / 20n, unit: 'GiB', country: 'DE' },
      ...{ bandwidthMbps: 20, maxSessions: 5 },
    },
    services: [{ type: 'openvpn', serial: 3, state: 'announced' }],
    sessions: [{ consumer }, { consumer }] as AppState['share']['sessions'],
    earnedToday: MYST / 2n,
  },
}

it('says what is shared, to how many, and what it brings', () => {
  expect(sharingSentences(sharing)).toEqual([
    'Sharing openvpn and socks for 0.05 MYST per GiB; 1 person connected, 0.5 MYST earned today, 2 MYST to collect.',
  ])
  expect(sharingObject(sharing)).toMatchObject({
    ...{ state: 'on', priceMyst: '0.05', unit: 'GiB', people: 1, earnedTodayMyst: '0.5', toCollectMyst: '2' },
    services: [{ type: 'openvpn', state: 'announced', serial: 3 }],
  })
})

it('says nothing of sharing where nothing is shared, and no amounts that are not known', () => {
  expect(sharingSentences(base)).toEqual([])
  expect(sharingObject(base)).toMatchObject({ state: 'off', people: 0, priceMyst: null, toCollectMyst: null })
  const ended = { ...base, share: { ...base.share, message: 'OpenVPN ended.' } }
  expect(sharingSentences(ended)).toEqual(['Not sharing. OpenVPN ended.'])
})
