import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Interface } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contracts } from '../../src-main/node/chain/generated/contracts.ts'
import { whyNoHosts } from '../../src-main/node/localnet/hosts.ts'
import type { NetworkFile } from '../../src-shared/contract/network-file.ts'
import { parseMyst } from '../../src-shared/model/units.ts'
import { createLab, LAB_PASSPHRASE, type Lab } from '../lab/lab.ts'
import type { Line } from '../lab/line-process.ts'
import { createTrade, INTERNET, mystOf, type Trade } from '../lab/trade.ts'

/*
 * A person makes an identity, saves a backup, pays in, uses it, and loses the machine. The backup brings
 * back everything that is hers on another one, down to the last of her money, taken out to an address of
 * her choice.
 */

const SELLER = { host: 'provider', home: 'seller' } as const
const DEPOSIT = '50'
const DOWN = 30_000_000
const SAFE = '0x5afe5afe5afe5afe5afe5afe5afe5afe5afe5afe'
const MYST = root('scripts/myst.mjs')

function root(path: string): string {
  return join(import.meta.dirname, '../..', path)
}

describe.skipIf(whyNoHosts() !== undefined)('a lost machine [needs root]', () => {
  let lab: Lab
  let trade: Trade
  let network: NetworkFile
  let id = ''
  let backup = ''
  /** What the wallet showed on the first machine before it was lost. */
  let before: Line | undefined
  /** Promised to the provider. */
  let promised = 0n

  beforeAll(async () => {
    lab = await createLab()
    trade = createTrade(lab)
    await lab.startNetwork()
    network = JSON.parse(readFileSync(lab.networkFile, 'utf8')) as NetworkFile
    await lab.prepareIdentity(SELLER.host, SELLER.home, 0)
    await trade.share(SELLER, { services: ['socks'], price: '0.1', country: 'DE' })
    backup = join(lab.dir, 'backup.json')
  })
  afterAll(() => lab?.dispose())

  /** A question to the chain, asked on the consumer's host. */
  async function rpc(method: string, params: unknown[]): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const headers = { 'content-type': 'application/json' }
    const ask = `fetch(${JSON.stringify(network.rpc[0])}, ${JSON.stringify({ method: 'POST', headers, body })}).then((answer) => answer.text()).then(console.log)`
    const answer = JSON.parse(await lab.hosts.run('consumer', process.execPath, ['-e', ask])) as { result?: unknown }
    expect(answer).toHaveProperty('result')
    return answer.result
  }
  async function tokensOf(address: string): Promise<bigint> {
    const data = new Interface(contracts.MystToken.abi).encodeFunctionData('balanceOf', [address])
    return BigInt(String(await rpc('eth_call', [{ to: network.contracts.token, data }, 'latest'])))
  }
  const openGiven = async (home: string) => {
    const all = await trade.openPromises({ host: 'consumer', home }, 'given')
    return all.reduce((sum, line) => sum + mystOf(line, 'amountMyst'), 0n)
  }
  /** A session over SOCKS, paid for. */
  async function use(home: string): Promise<void> {
    const { running, connected } = await trade.connect(home, '--type', 'socks')
    const socksPort = Number(connected.socksPort)
    const { bytes } = await lab.transfer('consumer', { url: `${INTERNET}/bytes/${DOWN}`, socksPort })
    expect(bytes).toBe(DOWN)
    await trade.caughtUp(home, { up: 0, down: DOWN })
    expect((await running.stop()).code).toBe(0)
  }

  it('was used: an identity with a proved backup, a deposit, and a session that was paid for', async () => {
    const [made] = await lab.mystDone('consumer', 'first', ['identity', 'new'])
    id = String(made?.identity)
    await lab.mystDone('consumer', 'first', ['wallet', 'faucet', '1000'])
    await lab.mystDone('consumer', 'first', ['identity', 'register'])

    const early = lab.myst('consumer', 'first', ['wallet', 'deposit', DEPOSIT])
    expect(await early.exited).toMatchObject({ code: 1, stderr: expect.stringContaining('BackupNotProved') })
    await lab.mystDone('consumer', 'first', ['identity', 'export', '--out', backup])
    await lab.mystDone('consumer', 'first', ['identity', 'prove', backup])
    await lab.mystDone('consumer', 'first', ['wallet', 'deposit', DEPOSIT])

    await use('first')
    promised = await openGiven('first')
    expect(promised).toBeGreaterThan(0n)
    before = await trade.buyer('first', 'wallet', 'show')
    expect(before).toMatchObject({ balanceMyst: DEPOSIT })
  })

  it('comes back from the backup: the account, and the gas account with what was not deposited', async () => {
    rmSync(lab.homeDir('first'), { recursive: true })
    expect(existsSync(lab.homeDir('first'))).toBe(false)
    const [restored] = await lab.mystDone('consumer', 'second', ['identity', 'import', backup])
    expect(restored).toEqual({ identity: id, gasAccount: 'restored' })
    const now = await trade.buyer('second', 'wallet', 'show')
    const kept = ['identity', 'balanceMyst', 'undepositedMyst', 'gasEther', 'gasAddress'] as const
    for (const key of kept) expect(now?.[key], key).toEqual(before?.[key])
    expect(mystOf(now, 'undepositedMyst')).toBeGreaterThan(0n)
    expect(await trade.buyer('second', 'identity', 'show')).toMatchObject({
      registration: 'registered',
      backedUp: true,
    })
  })

  it('hears from the provider what it promised before, goes on paying, and is taken no more than that', async () => {
    expect(await openGiven('second')).toBe(0n)
    await use('second')
    // The promise itself was lost with the machine. The provider shows it, and her own signature is on it.
    const known = await openGiven('second')
    expect(known).toBeGreaterThanOrEqual(promised)
    const owed = await trade.openPromises(SELLER, 'received')
    expect(owed.reduce((sum, line) => sum + mystOf(line, 'amountMyst'), 0n)).toBe(known)
    promised = known
    const { amount, fee } = await trade.clear(SELLER)
    expect(amount).toBe(promised)
    const after = await trade.balances('second', SELLER)
    expect(after).toEqual({ buyer: parseMyst(DEPOSIT) - promised, seller: promised - fee })
    expect(await openGiven('second')).toBe(0n)
  })

  it('lets all of it be taken out, which arrives after the notice period', async () => {
    const rest = await trade.buyer('second', 'wallet', 'show')
    const amount = String(rest?.balanceMyst)
    const announced = await trade.buyer('second', 'wallet', 'withdraw', amount, '--to', SAFE)
    const waitS = Math.ceil((Date.parse(String(announced?.executableAt)) - Date.now()) / 1000) + 60
    expect(waitS).toBeGreaterThan(3600)
    expect(await tokensOf(SAFE)).toBe(0n)

    // The days pass: on the chain, and on the machine on which her node is then started.
    await rpc('evm_increaseTime', [waitS])
    await rpc('evm_mine', [])
    const later = `data:text/javascript,${encodeURIComponent(`const { now } = Date; Date.now = () => now() + ${waitS * 1000}`)}`
    const args = [MYST, '--home', lab.homeDir('second'), '--network', lab.networkFile, '--json', 'app']
    const app = lab.start('consumer', process.execPath, args, {
      MYST_PASSPHRASE: LAB_PASSPHRASE,
      NODE_OPTIONS: `--import=${later}`,
    })
    await app.until('the app', (line) => line.event === 'app')
    // it looks every half a minute for what is due
    await expect.poll(() => tokensOf(SAFE), { timeout: 90_000, interval: 1_000 }).toBe(parseMyst(amount))
    expect(await trade.buyer('second', 'wallet', 'show')).toMatchObject({ balanceMyst: '0' })
    await app.stop()
  })
})
