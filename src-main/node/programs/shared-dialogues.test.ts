import { afterEach, expect, it } from 'vitest'
import type { IdentityId } from '#shared/model/identity.ts'
import type { Dialogue } from '../ports/dialogue.ts'
import { createDialoguePair } from '../testing/dialogue-pair.ts'
import { shareDialogues } from './shared-dialogues.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function setUp() {
  const pair = await createDialoguePair()
  cleanups.push(pair.stop)
  const program: { dialogue?: Dialogue } = {}
  const asked: IdentityId[] = []
  const shared = shareDialogues(pair.a, async (peer) => {
    asked.push(peer)
    await program.dialogue?.close()
  })
  const peer = pair.identities.b.id
  return { ...shared, pair, peer, contacts: pair.contacts.b, program, asked }
}

it('gives a provider to whoever comes first, and is asked by none twice', async () => {
  const { others, isFree, peer, contacts } = await setUp()
  expect(isFree(peer)).toBe(true)
  const opening = others.open(peer, contacts)
  expect(isFree(peer)).toBe(false)
  await expect(others.open(peer, contacts)).rejects.toMatchObject({ name: 'ProviderInUse' })
  const dialogue = await opening
  await expect(others.open(peer, contacts)).rejects.toMatchObject({ name: 'ProviderInUse' })
  expect(dialogue.state).toBe('open')
  await dialogue.close()
  expect(isFree(peer)).toBe(true)
  expect((await others.open(peer, contacts)).state).toBe('open')
})

it('lets the person take one over, once it was given up, and keeps it from others from the first moment on', async () => {
  const { own, others, peer, contacts, program, asked } = await setUp()
  program.dialogue = await others.open(peer, contacts)
  const opening = own.open(peer, contacts)
  await expect(others.open(peer, contacts)).rejects.toMatchObject({ name: 'ProviderInUse' })
  const dialogue = await opening
  expect(asked).toEqual([peer])
  // In order, and not by the one replacing the other.
  expect(await program.dialogue.closed).toBe('closed-here')
  expect(dialogue.state).toBe('open')
  await expect(others.open(peer, contacts)).rejects.toMatchObject({ name: 'ProviderInUse' })
})

it('keeps a program from ending what a customer began, and what could not be opened from nobody', async () => {
  const { others, isFree, pair, peer, contacts } = await setUp()
  const incoming = new Promise<Dialogue>((resolve) => {
    pair.a.onIncoming(resolve)
  })
  await pair.b.open(pair.identities.a.id, pair.contacts.a)
  const customers = await incoming
  await expect(others.open(peer, contacts)).rejects.toMatchObject({ name: 'ProviderInUse' })
  expect(customers.state).toBe('open')
  const stranger = `0x${'77'.repeat(20)}` as const
  await expect(others.open(stranger, [])).rejects.toMatchObject({ name: 'PeerNotRegistered' })
  expect(isFree(stranger)).toBe(true)
})
