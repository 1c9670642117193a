import type { ProgramView } from '#shared/contract/programs.ts'
import type { AppState } from '#shared/contract/state.ts'
import { MYST } from '#shared/model/units.ts'
import { m } from '../messages/index.ts'
import { CHOSEN, HOSTILE, live, READY } from './fixtures.ts'
import type { Scene } from './scene.ts'

/** One in each state. */
export function programs(now: number): ProgramView[] {
  const proposal = { ...CHOSEN, serviceType: 'socks' as const }
  const programsLive = { ...live(now), sessionId: 'fixture-program', startedAtMs: now - 640_000, socksPort: 14_101 }
  const program = (index: number, part: Partial<ProgramView>): ProgramView => ({
    ...{ id: `p${index}`, name: '', budget: 2n * MYST, spent: 0n, socksPort: 14_100 + index },
    ...{ createdAtMs: now - 86_400_000, connection: { name: 'disconnected' } },
    ...part,
  })
  return [
    program(1, {
      name: 'Firefox for work',
      spent: (4n * MYST) / 10n,
      country: proposal.originLocation.country,
      connection: { name: 'connected', proposal, live: programsLive, steps: [] },
    }),
    program(2, {
      name: 'Backup',
      ...{ budget: 5n * MYST, spent: MYST / 8n, maxPricePerUnit: MYST / 10n, unit: 'GiB' },
      ...{ keyHint: '4f2a', lastUsedAtMs: now - 240_000 },
      connection: { name: 'connecting', proposal, step: 'agree-payment', startedAtMs: now - 900, steps: [] },
    }),
    program(3, {
      name: 'Crawler',
      ...{ budget: MYST / 2n, spent: MYST / 2n, country: 'NL', maxPricePerUnit: MYST / 5n, unit: 'hour' },
      connection: {
        name: 'disconnected',
        last: { end: 'budget-used-up', message: 'The budget is used up.', paid: MYST / 2n },
      },
    }),
    program(4, {
      name: HOSTILE,
      keyHint: 'Zq_9',
      connection: {
        name: 'disconnected',
        last: { step: 'reach-provider', message: 'The provider does not answer; it may be offline.', paid: 0n },
      },
    }),
    program(5, {
      name: 'Mail',
      spent: MYST / 100n,
      connection: {
        name: 'disconnected',
        last: {
          ...{ end: 'provider-closed', message: 'The provider closed the session.', paid: MYST / 100n },
          bill: { used: MYST / 250n, ahead: (3n * MYST) / 500n, holders: 1 },
        },
      },
    }),
  ]
}

/** Programs with connections of their own, and the questions about them. */
export function programScenes(now: number): Record<string, Scene> {
  const all = programs(now)
  const api = { address: 'http://127.0.0.1:14050' }
  const some: AppState = { ...READY, programs: all, settings: { ...READY.settings, programsApi: true }, api }
  const at = (state: AppState, press?: Scene['press']): Scene => ({ route: 'settings', state, ...(press && { press }) })
  return {
    programs: at(some),
    'programs-api-in-use': at({
      ...some,
      programs: all.slice(0, 1),
      api: { problem: 'Port 14050 is in use by another program; choose another one.' },
    }),
    'programs-add': at({ ...READY, programs: [] }, () => [m.programs.add]),
    'programs-add-errors': at({ ...READY, programs: [] }, () => [m.programs.add, m.programs.addGo]),
    'programs-change': at(some, () => [m.programs.changeOf('Crawler')]),
    'programs-key': at({ ...some, settings: READY.settings, api: {} }, () => [m.programs.newKeyOf('Crawler')]),
    'programs-key-again': at(some, () => [m.programs.newKeyOf('Backup')]),
    'programs-remove': at(some, () => [m.programs.removeOf('Backup')]),
  }
}
