import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalChain, startLocalChain } from '../../node/testing/local-chain.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

type Ran = { code: number | null; lines: Record<string, unknown>[]; stderr: string }

/** Each command is a process of its own with a key to derive: seconds on a busy machine. */
const LONG = { timeout: 240_000 }

describe('the wallet on the command line', LONG, () => {
  let local: LocalChain
  let dir = ''
  const children = new Set<ChildProcess>()

  function start(...words: string[]): { child: ChildProcess; ran: Promise<Ran> } {
    const args = ['--disable-warning=ExperimentalWarning', MAIN, '--json', '--home', join(dir, 'home')]
    const child = spawn(process.execPath, [...args, '--network', join(dir, 'net.json'), ...words], {
      env: { ...process.env, MYST_PASSPHRASE: 'correct horse' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    let [stdout, stderr] = ['', '']
    child.stdout?.on('data', (data: Buffer) => {
      stdout += String(data)
    })
    child.stderr?.on('data', (data: Buffer) => {
      stderr += String(data)
    })
    const ran = new Promise<Ran>((resolve) => {
      child.once('close', (code) => {
        children.delete(child)
        const lines = stdout.split('\n').filter((line) => line !== '')
        resolve({ code, stderr, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) })
      })
    })
    return { child, ran }
  }

  async function myst(...words: string[]): Promise<Record<string, unknown>[]> {
    const { code, lines, stderr } = await start(...words).ran
    expect(stderr).toBe('')
    expect(code).toBe(0)
    return lines
  }

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'myst-cli-'))
    local = await startLocalChain()
    writeFileSync(join(dir, 'net.json'), JSON.stringify(local.network))
    await myst('identity', 'new')
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await local?.stop()
    rmSync(dir, { recursive: true })
  })

  it('quotes before, tells what it cost after, and the history links to both', async () => {
    await myst('wallet', 'faucet', '100')
    const [quote] = await myst('wallet', 'quote', 'deposit', '20')
    expect(quote).toMatchObject({ what: 'deposit', feeMyst: '0', amountMyst: '20', problem: null })
    const [deposited] = await myst('wallet', 'deposit', '20', '--without-backup')
    expect(deposited).toMatchObject({ balanceMyst: '20', undepositedMyst: '80' })
    const [paid, estimate, most] = [deposited?.gasPaidEther, quote?.gasEther, quote?.maxGasEther].map(Number)
    expect(paid).toBeGreaterThan(0)
    expect(paid).toBeLessThanOrEqual(estimate ?? 0)
    expect(estimate).toBeLessThan(most ?? 0)

    const to = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
    const [announced] = await myst('wallet', 'withdraw', '5', '--to', to)
    expect(announced).toMatchObject({ executableAt: expect.stringMatching(/^\d{4}-/), balanceMyst: '20' })
    expect(await myst('wallet', 'history')).toMatchObject([
      { kind: 'withdrawal-announced', amountMyst: '5', counterparty: to.toLowerCase() },
      { kind: 'deposit', amountMyst: '20', transaction: deposited?.transaction },
    ])
    const [shown] = await myst('wallet', 'show')
    expect(shown).toMatchObject({
      ...{ balanceMyst: '20', receivableMyst: '0', payableMyst: '0', promises: [], runsOutFirst: 'gas' },
      transactionsLeft: expect.any(Number),
      withdrawal: { amountMyst: '5', state: 'announced', executableAt: announced?.executableAt },
    })
    const [problem] = await myst('wallet', 'quote', 'withdraw', '21')
    expect(problem?.problem).toMatch(/The account holds 20 MYST/)
    const [one, two] = [
      (await myst('wallet', 'quote', 'announce'))[0],
      (await myst('wallet', 'quote', 'announce', '2'))[0],
    ]
    expect(one).toMatchObject({ what: 'announce', feeMyst: '0', problem: null })
    expect(Number(two?.gasEther)).toBeGreaterThan(1.5 * Number(one?.gasEther))
  })

  it('pays once when it is killed in the middle and told the same again', async () => {
    const before = Number((await myst('wallet', 'show'))[0]?.balanceMyst)
    await local.control('evm_setAutomine', false)
    const { child, ran } = start('wallet', 'deposit', '7', '--without-backup')
    const waiting = async () => ((await local.control('txpool_status')) as { pending: string }).pending
    while ((await waiting()) === '0x0') await new Promise(setImmediate)
    child.kill('SIGKILL')
    await ran
    await local.control('evm_setAutomine', true)
    await local.control('anvil_mine', '0x1')
    const [done] = await myst('wallet', 'deposit', '7', '--without-backup')
    expect(done?.balanceMyst).toBe(String(before + 7))
    const [last] = await myst('wallet', 'history', '--limit', '1')
    expect(last).toMatchObject({ kind: 'deposit', amountMyst: '7', transaction: done?.transaction })
  })
})
