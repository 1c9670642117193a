import { expect, it } from 'vitest'
import { createStore } from 'zustand/vanilla'
import { CHOSEN, live, READY } from '../gallery/fixtures.ts'
import type { Mirror } from './mirror.ts'
import { createTrafficHistory, HISTORY_MS } from './traffic-history.ts'

const connected = (down: number, sessionId = 'one'): Mirror => ({
  link: 'open',
  app: {
    ...READY,
    connection: {
      name: 'connected',
      proposal: CHOSEN,
      steps: [],
      live: { ...live(0), sessionId, rateBps: { up: 1, down } },
    },
  },
})

it('keeps two minutes of one session and nothing of an earlier one', () => {
  const mirror = createStore<Mirror>(() => ({ link: 'open', app: READY }))
  let now = 1_000_000
  const history = createTrafficHistory(mirror, () => now)
  const downs = () => history.getState().samples.map(({ down }) => down)

  mirror.setState(connected(10))
  now += 1000
  mirror.setState(connected(20))
  expect(downs()).toEqual([10, 20])
  // Something else changed: no sample of its own.
  mirror.setState({ link: 'lost' })
  expect(downs()).toEqual([10, 20])

  now += HISTORY_MS - 500
  mirror.setState(connected(30))
  expect(downs()).toEqual([20, 30])

  mirror.setState(connected(5, 'two'))
  expect(downs()).toEqual([5])

  mirror.setState({ app: READY })
  expect(downs()).toEqual([])
})
