import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '#shared/contract/settings.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import type { ServiceTypeName } from '#shared/model/proposal.ts'
import { initialState } from './initial-state.ts'
import { endLockdown } from './restore-internet.ts'
import { stateAtStart, stateNow } from './session/connection.ts'
import { createSettings, type SettingsGuard } from './settings.ts'
import { openSettingsFile } from './settings-file.ts'
import { createStateTree } from './state-tree.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'myst-settings-'))
})
afterEach(() => rmSync(home, { recursive: true }))
const path = () => join(home, 'settings.json')

/** The keeper over a real file and state; the guard notes what it is asked for (the real one: `settings.lab.test.ts`). */
function make({ stands = false, refuses = false } = {}) {
  const file = openSettingsFile(home)
  const asked: string[] = []
  const where = { stands: stands ? { sinceMs: 1, isInherited: true } : undefined }
  const act = (name: string, after: typeof where.stands) => async () => {
    asked.push(name)
    if (refuses) throw new MystError('ElevationRefused', 'The password was not given.')
    where.stands = after
  }
  const guard: SettingsGuard = {
    get stands() {
      return where.stands
    },
    get isLockdown() {
      return file.current.lockdown
    },
    look: async () => undefined,
    open: act('open', undefined),
    raise: act('raise', { sinceMs: 2, isInherited: false }),
    renew: act('renew', where.stands),
  }
  const serviceTypes = [{ name: 'openvpn', guard }] as never
  const connection = stateAtStart({ serviceTypes })
  const state = createStateTree(initialState({ network: undefined, settings: file.current, connection }))
  const restate = () => state.set({ connection: stateNow({ serviceTypes }, state.get().connection) })
  return { state, asked, settings: createSettings({ file, state, guard, restate }) }
}

describe('settings', () => {
  it('are the usual ones until something is chosen, and are kept in a file for their owner alone', async () => {
    const { settings, state } = make()
    expect(state.get().settings).toEqual({ ...DEFAULT_SETTINGS, problems: {} })
    await settings.set({ connectOnStart: 'last', resolver: '9.9.9.9', lockdown: undefined })
    const chosen = { ...DEFAULT_SETTINGS, connectOnStart: 'last', resolver: '9.9.9.9' }
    expect(state.get().settings).toEqual({ ...chosen, problems: {} })
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    expect(make().state.get().settings).toEqual({ ...chosen, problems: {} })
  })

  it('of an older version get what is new; damaged ones are not forgotten in silence', () => {
    writeFileSync(path(), '{"lockdown":true}')
    expect(openSettingsFile(home).current).toEqual({ ...DEFAULT_SETTINGS, lockdown: true })
    for (const text of ['', '{"lockdown":tr', 'null', '{"lockdown":"no"}', '{"resolver":"127.0.0.1"}']) {
      writeFileSync(path(), text)
      expect(() => openSettingsFile(home), text).toThrow(/settings\.json cannot be read; mend the file or remove it/)
    }
  })

  it('are asked of the guard only where they mean something to it', async () => {
    const { settings, asked, state } = make()
    await settings.set({ connectOnStart: 'best' })
    await settings.set({ lockdown: false })
    expect(asked).toEqual([])
    await settings.set({ resolver: '9.9.9.9' })
    await settings.set({ allowLocalNetwork: true })
    await settings.set({ allowLocalNetwork: true })
    expect(asked).toEqual(['renew', 'renew'])
    await settings.set({ lockdown: true })
    expect(state.get().connection).toMatchObject({ name: 'blocked', isLockdown: true, sinceMs: 2 })
    await settings.set({ lockdown: false })
    expect(asked.slice(2)).toEqual(['raise', 'open'])
    expect(state.get().connection).toEqual({ name: 'disconnected' })
  })

  it('are as before when they could not be brought into effect', async () => {
    const { settings, state } = make({ refuses: true })
    const before = state.get()
    await expect(settings.set({ lockdown: true, connectOnStart: 'best' })).rejects.toThrow(
      'The password was not given.',
    )
    expect(state.get().settings).toEqual(before.settings)
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toEqual(DEFAULT_SETTINGS)
    expect(state.get().connection).toEqual({ name: 'disconnected' })
  })

  it('do not open what was lost: switching lockdown off leaves a block that is not its own', async () => {
    const { settings, state, asked } = make({ stands: true })
    const lost = state.get().connection
    expect(lost).toMatchObject({ name: 'blocked' })
    expect(lost).not.toHaveProperty('isLockdown')
    await settings.set({ lockdown: true })
    await settings.set({ lockdown: false })
    expect(asked).toEqual(['raise'])
    expect(state.get().connection).toEqual(lost)
  })

  it('lock down at the start, and say so when that could not be done', async () => {
    writeFileSync(path(), '{"lockdown":true}')
    const { settings, state } = make()
    await settings.start()
    expect(state.get().connection).toMatchObject({ name: 'blocked', isLockdown: true })
    const refused = make({ refuses: true })
    await refused.settings.start()
    expect(refused.state.get().settings.problems).toEqual({
      lockdown: 'Your internet is not blocked. The password was not given.',
    })
    expect(refused.state.get().connection).toEqual({ name: 'disconnected' })
  })

  it('refuse a lockdown that would cut off a proxy, programs or customers', async () => {
    const { settings, state, asked } = make()
    const refusal = { name: 'LockdownInTheWay' }
    const share = state.get().share
    state.set({ share: { ...share, state: 'on' } })
    await expect(settings.set({ lockdown: true })).rejects.toMatchObject(refusal)
    const proposal = (serviceType: ServiceTypeName) => ({ name: 'disconnecting', proposal: { serviceType } }) as never
    state.set({ share, connection: proposal('socks') })
    await expect(settings.set({ lockdown: true })).rejects.toMatchObject(refusal)
    state.set({ connection: { name: 'disconnected' }, programs: [{ connection: proposal('socks') }] as never })
    await expect(settings.set({ lockdown: true })).rejects.toMatchObject(refusal)
    expect(asked).toEqual([])
    state.set({ connection: proposal('openvpn'), programs: [] })
    await settings.set({ lockdown: true })
    expect(asked).toEqual(['raise'])
  })

  it('lose lockdown with a restore that finds no node', async () => {
    const byNode = (answers: boolean) => () => Promise.resolve(answers)
    expect(await endLockdown(home, byNode(false))).toBe(false)
    writeFileSync(path(), '{"lockdown":true,"allowLocalNetwork":true}')
    // A node that runs keeps its own file.
    expect(await endLockdown(home, byNode(true))).toBe(true)
    expect(openSettingsFile(home).current.lockdown).toBe(true)
    expect(await endLockdown(home, byNode(false))).toBe(true)
    expect(openSettingsFile(home).current).toEqual({ ...DEFAULT_SETTINGS, allowLocalNetwork: true })
  })
})
