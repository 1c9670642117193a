import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Proposal } from '#shared/model/proposal.ts'
import { createNode, type MysteriumNode } from './create-node.ts'
import { silentLogger } from './lib/logger.ts'

let dir = ''
let node: MysteriumNode

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'myst-node-'))
  node = await createNode({ home: dir, network: undefined, log: silentLogger })
})
afterEach(async () => {
  await node.stop()
  rmSync(dir, { recursive: true })
})

describe('a node without a network', () => {
  it('handles identities, and says what it needs for everything else', async () => {
    const { id } = await node.handlers['identity.create']({ passphrase: 'correct horse' })
    expect(node.state.get().identity).toMatchObject({ active: id, unlocked: true, all: [{ id, backedUp: false }] })
    const { keystore } = await node.handlers['identity.export']({ id })
    await node.handlers['identity.proveBackup']({ keystore, passphrase: 'correct horse' })
    expect(node.state.get().identity.all).toEqual([{ id, backedUp: true }])
    await expect(node.handlers['wallet.deposit']({ amount: 1n })).rejects.toMatchObject({ name: 'NoNetwork' })
    await expect(node.handlers['proposals.query']({})).rejects.toMatchObject({ name: 'NoNetwork' })
  })

  it('says that it unlocks while it does, also when the passphrase is wrong, and goes on for who asks as well', async () => {
    const { id } = await node.handlers['identity.create']({ passphrase: 'correct horse' })
    await node.stop()
    node = await createNode({ home: dir, network: undefined, log: silentLogger })
    const unlock = (passphrase: string) => node.handlers['identity.unlock']({ id, passphrase })
    const wrong = expect(unlock('battery staple')).rejects.toMatchObject({ name: 'WrongPassphrase' })
    expect(node.state.get().identity).toMatchObject({ unlocked: false, unlocking: true })
    await wrong
    expect(node.state.get().identity).toMatchObject({ unlocked: false, unlocking: false })
    const seen: boolean[] = []
    node.state.subscribe((message) => {
      if (message.kind === 'delta' && message.set.identity) seen.push(message.set.identity.unlocked)
    })
    await Promise.all([unlock('correct horse'), unlock('correct horse')])
    expect(node.state.get().identity).toMatchObject({ active: id, unlocked: true, unlocking: false })
    // The second one locked nothing to unlock it again.
    expect(seen.slice(seen.indexOf(true))).not.toContain(false)
  })

  it('does not end a connection by changing the identity', async () => {
    const { id } = await node.handlers['identity.create']({ passphrase: 'correct horse' })
    node.state.set({ connection: { name: 'disconnecting', proposal: {} as Proposal } })
    const refusal = { name: 'IdentityInUse' }
    await expect(node.handlers['identity.create']({ passphrase: 'x' })).rejects.toMatchObject(refusal)
    await expect(node.handlers['identity.unlock']({ id, passphrase: 'correct horse' })).rejects.toMatchObject(refusal)
    expect(node.state.get().identity.all).toHaveLength(1)
  })

  it('changes a passphrase without ending anything; the backup has to be proved anew', async () => {
    const { id } = await node.handlers['identity.create']({ passphrase: 'old one' })
    const { keystore } = await node.handlers['identity.export']({ id })
    await node.handlers['identity.proveBackup']({ keystore, passphrase: 'old one' })
    const same = node.handlers['identity.changePassphrase']({ id, old: 'old one', new: 'old one' })
    await expect(same).rejects.toMatchObject({ name: 'SamePassphrase' })
    expect(node.state.get().identity.all).toEqual([{ id, backedUp: true }])
    await node.handlers['identity.changePassphrase']({ id, old: 'old one', new: 'new one' })
    const all = [{ id, backedUp: false, backedUpBefore: true }]
    expect(node.state.get().identity).toMatchObject({ active: id, unlocked: true, all })
    const wrong = node.handlers['identity.unlock']({ id, passphrase: 'old one' })
    await expect(wrong).rejects.toMatchObject({ name: 'WrongPassphrase' })
    await node.handlers['identity.unlock']({ id, passphrase: 'new one' })
  })

  it('takes the passphrase of a backup where the present one is forgotten, and is unlocked by it', async () => {
    const { id } = await node.handlers['identity.create']({ passphrase: 'known' })
    const { keystore } = await node.handlers['identity.export']({ id })
    await node.handlers['identity.changePassphrase']({ id, old: 'known', new: 'forgotten' })
    await node.stop()
    node = await createNode({ home: dir, network: undefined, log: silentLogger })
    expect(node.state.get().identity.unlocked).toBe(false)
    const wrong = node.handlers['identity.restore']({ keystore, passphrase: 'a guess' })
    await expect(wrong).rejects.toMatchObject({ name: 'WrongPassphrase' })
    expect(await node.handlers['identity.restore']({ keystore, passphrase: 'known' })).toEqual({ id })
    expect(node.state.get().identity).toMatchObject({ active: id, unlocked: true, all: [{ id, backedUp: true }] })
    await node.handlers['identity.check']({ passphrase: 'known' })
  })

  it('shows what is set, has no network to show, and shares nothing under lockdown', async () => {
    expect(node.state.get().settings).toMatchObject({ lockdown: false, problems: {} })
    await node.handlers['settings.set']({ connectOnStart: 'last' })
    expect(await node.handlers['network.file']({})).toBeNull()
    await node.stop()
    writeFileSync(join(dir, 'settings.json'), '{"lockdown":true}')
    node = await createNode({ home: dir, network: undefined, log: silentLogger })
    const terms = { services: ['socks' as const], pricePerUnit: 1n, unit: 'GiB' as const, country: 'DE' }
    const start = node.handlers['share.start']({ ...terms, bandwidthMbps: 1, maxSessions: 1 })
    await expect(start).rejects.toMatchObject({ name: 'LockdownInTheWay' })
  })

  it('does not start with settings that cannot be read', async () => {
    await node.stop()
    writeFileSync(join(dir, 'settings.json'), '{"lockdown":')
    const start = createNode({ home: dir, network: undefined, log: silentLogger })
    await expect(start).rejects.toMatchObject({ name: 'SettingsUnreadable' })
    rmSync(join(dir, 'settings.json'))
    node = await createNode({ home: dir, network: undefined, log: silentLogger })
  })

  it('refuses to remember a passphrase where there is no keychain, before anything is done', async () => {
    const refusal = { name: 'KeychainUnavailable' }
    const create = node.handlers['identity.create']({ passphrase: 'correct horse', remember: true })
    await expect(create).rejects.toMatchObject(refusal)
    expect(node.state.get().identity).toEqual({ all: [], unlocked: false, registration: 'unknown' })
    await node.handlers['identity.create']({ passphrase: 'correct horse', remember: false })
    await node.handlers['identity.forget']({})
    expect(node.state.get().identity.keychain).toBeUndefined()
  })
})
