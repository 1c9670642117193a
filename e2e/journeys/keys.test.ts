import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLoopback, type Loopback } from '../lab/loopback.ts'

/*
 * A person's keys from the command line, without any network: made, saved, proved, restored elsewhere,
 * under another passphrase; and what happens with files that are not as they should be.
 */
describe('keys', () => {
  let here: Loopback
  let id = ''
  const backup = () => join(here.dir, 'backup.json')

  beforeAll(async () => {
    here = createLoopback('correct horse')
    const [made] = await succeed(['identity', 'new'], 'one')
    id = String(made?.identity)
  })
  afterAll(() => here?.dispose())

  type Options = Parameters<Loopback['run']>[1]
  async function succeed(args: string[], home: string, options: Options = {}) {
    const done = await here.run(args, { home, ...options })
    expect(done, args.join(' ')).toMatchObject({ code: 0, stderr: '' })
    return done.lines
  }
  async function refused(args: string[], home: string, options: Options = {}) {
    const { code, stderr } = await here.run(args, { home, ...options })
    expect(code, args.join(' ')).toBe(1)
    return JSON.parse(stderr) as { error: { name: string; message: string } }
  }
  const keyFile = (home: string) => {
    const directory = join(here.dir, home, 'keystore')
    return join(directory, readdirSync(directory).find((name) => name.startsWith('UTC--')) ?? '')
  }

  it('are saved, proved and restored on another computer, gas account and all', async () => {
    await succeed(['identity', 'export', '--out', backup()], 'one')
    expect(statSync(backup()).mode & 0o777).toBe(0o600)
    expect(await succeed(['identity', 'list'], 'one')).toMatchObject([{ identity: id, backedUp: false }])
    await succeed(['identity', 'prove', backup()], 'one')
    expect(await succeed(['identity', 'list'], 'one')).toMatchObject([{ identity: id, backedUp: true }])
    // as it may lie on a stick, or in Downloads
    chmodSync(backup(), 0o644)
    expect(await succeed(['identity', 'import', backup()], 'two')).toEqual([{ identity: id, gasAccount: 'restored' }])
    const gasOf = (home: string) => JSON.parse(readFileSync(keyFile(home), 'utf8'))['x-mysterium'].gas.address
    expect(gasOf('two')).toBe(gasOf('one'))
  })

  it('get another passphrase from a file; the backup is proved anew', async () => {
    const file = join(here.dir, 'new-passphrase')
    writeFileSync(file, 'battery staple\n', { mode: 0o600 })
    const change = ['identity', 'passphrase', '--new-passphrase-file', file]
    expect(await refused(change, 'two', { passphrase: 'wrong' })).toMatchObject({ error: { name: 'WrongPassphrase' } })
    expect((await here.run(['identity', 'passphrase'], { home: 'two' })).code).toBe(2)
    expect(await succeed(change, 'two')).toEqual([{ identity: id, backedUp: false }])
    const again = join(here.dir, 'again.json')
    await succeed(['identity', 'export', id, '--out', again], 'two')
    const prove = ['identity', 'prove', again]
    expect(await refused(prove, 'two')).toMatchObject({ error: { name: 'WrongPassphrase' } })
    expect(await succeed([...prove, '--passphrase-file', file], 'two')).toMatchObject([{ backedUp: true }])
    chmodSync(file, 0o640)
    const { code, stderr } = await here.run([...prove, '--passphrase-file', file], { home: 'two' })
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `Other users of this computer can read the passphrase file ${file}; run: chmod 600 ${file}\n`,
    })
  })

  it('are not used while others could read them, and the command that is named repairs it', async () => {
    const file = keyFile('one')
    chmodSync(file, 0o644)
    const { error } = await refused(['identity', 'export', '--out', join(here.dir, 'never.json')], 'one')
    expect(error).toMatchObject({
      name: 'KeyFileUnsafe',
      message: `Other users of this computer can open ${file}; run: chmod 600 ${file}`,
    })
    expect(existsSync(join(here.dir, 'never.json'))).toBe(false)
    chmodSync(file, 0o600)
    await succeed(['identity', 'export', '--out', join(here.dir, 'once-more.json')], 'one')
  })

  it('from a file that is not one of ours, or of nobody, in a sentence each', async () => {
    const { 'x-mysterium': _gas, ...identityOnly } = JSON.parse(readFileSync(backup(), 'utf8'))
    const bare = join(here.dir, 'bare.json')
    writeFileSync(bare, JSON.stringify(identityOnly))
    expect(await refused(['identity', 'prove', bare], 'one')).toMatchObject({ error: { name: 'BackupIncomplete' } })
    expect(await succeed(['identity', 'import', bare], 'three')).toEqual([{ identity: id, gasAccount: 'new' }])
    const large = join(here.dir, 'large.png')
    writeFileSync(large, Buffer.alloc(20_000_000))
    expect(await refused(['identity', 'import', large], 'four')).toMatchObject({ error: { name: 'KeystoreForeign' } })
  })
})
