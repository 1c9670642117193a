import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Interface } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contracts } from '../../src-main/node/chain/generated/contracts.ts'
import { openVpnAvailability } from '../../src-main/node/network/openvpn-availability.ts'
import type { NetworkFile } from '../../src-shared/contract/network-file.ts'
import type { LineProcess } from '../lab/line-process.ts'
import { createLoopback, type Loopback } from '../lab/loopback.ts'

/*
 * Bad input and missing parts, from the command line: each ends with exit code 1 and one sentence on
 * stderr that says what happened, and nothing is lost.
 */
describe('what can go wrong is said in one sentence', () => {
  let here: Loopback
  let localnet: LineProcess
  let file = ''
  let network: NetworkFile

  beforeAll(async () => {
    here = createLoopback('correct horse')
    file = join(here.dir, 'network.json')
    localnet = here.start(['localnet', 'up', '--out', file])
    await localnet.until('the network', (line) => line.event === 'up')
    network = JSON.parse(readFileSync(file, 'utf8')) as NetworkFile
    for (const home of ['buyer', 'seller']) {
      for (const args of [
        ['identity', 'new'],
        ['wallet', 'faucet', '60'],
        ['identity', 'register'],
      ])
        await succeed(args, home)
    }
    await succeed(['wallet', 'deposit', '20', '--without-backup'], 'buyer')
  })
  afterAll(() => here?.dispose())

  async function succeed(args: string[], home: string, options: Parameters<Loopback['run']>[1] = { network: file }) {
    const done = await here.run(args, { home, ...options })
    expect(done, args.join(' ')).toMatchObject({ code: 0, stderr: '' })
    return done.lines
  }

  async function refused(args: string[], options: Parameters<Loopback['run']>[1] = {}) {
    const done = await here.run(args, { network: file, ...options })
    expect(done.code, done.stderr).toBe(1)
    expect(done.stderr.trim().split('\n')).toHaveLength(1)
    const { error } = JSON.parse(done.stderr) as { error: { name: string; message: string } }
    expect(error.message).toMatch(/[.!]$/)
    return error
  }

  function changed(name: string, change: (network: NetworkFile) => object): string {
    const path = join(here.dir, `${name}.json`)
    writeFileSync(path, JSON.stringify({ ...network, ...change(network) }))
    return path
  }

  it('a wrong passphrase', async () => {
    expect(await refused(['wallet', 'show'], { home: 'buyer', passphrase: 'wrong' })).toMatchObject({
      name: 'WrongPassphrase',
    })
  })

  it('a file that is no keystore, one of another format, and none at all', async () => {
    const path = join(here.dir, 'not-a-keystore')
    for (const [text, name] of [
      ['hello', 'KeystoreForeign'],
      ['{"version":1,"crypto":{}}', 'KeystoreForeign'],
      ['{"version":3,"crypto":', 'KeystoreUnreadable'],
    ] as const) {
      writeFileSync(path, text)
      expect(await refused(['identity', 'import', path], { home: 'other' }), text).toMatchObject({ name })
    }
    expect(await refused(['identity', 'import', `${path}-missing`], { home: 'other' })).toMatchObject({
      name: 'KeystoreUnreadable',
    })
  })

  it('a network file with a wrong contract address, and one that is not one', async () => {
    const wrong = changed('wrong', ({ contracts }) => ({
      contracts: { ...contracts, paymentAccounts: '0x00000000000000000000000000000000000000aa' },
    }))
    const error = await refused(['proposals'], { home: 'fresh', network: wrong })
    expect(error.message).toContain('There is no contract at')
    // It did not stick: the right file works on the same home.
    await succeed(['proposals'], 'fresh')
    const broken = join(here.dir, 'broken.json')
    writeFileSync(broken, '{')
    expect(await refused(['proposals'], { home: 'fresh', network: broken })).toMatchObject({
      name: 'InvalidNetworkFile',
    })
    expect(await refused(['proposals'], { home: 'fresh', network: wrong })).toMatchObject({ name: 'OtherNetwork' })
  })

  it('a chain or a broker that does not answer at the start', async () => {
    const noChain = changed('no-chain', () => ({ rpc: ['http://127.0.0.1:9'] }))
    expect(await refused(['proposals'], { home: 'buyer', network: noChain })).toMatchObject({
      name: 'ChainUnreachable',
    })
    const noBroker = changed('no-broker', () => ({ brokers: ['mqtt://127.0.0.1:9'] }))
    expect(await refused(['connect'], { home: 'buyer', network: noBroker })).toMatchObject({
      name: 'BrokerUnreachable',
    })
  })

  it('no network file at all, and identities are handled without one', async () => {
    const done = await here.run(['proposals'], { home: 'lonely' })
    expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('"NoNetwork"') })
    const made = await here.run(['identity', 'new'], { home: 'lonely' })
    expect(made).toMatchObject({ code: 0, lines: [{ identity: expect.stringMatching(/^0x[0-9a-f]{40}$/) }] })
  })

  it('a deposit larger than what is there, and amounts that are none', async () => {
    expect(await refused(['wallet', 'deposit', '20'], { home: 'buyer' })).toMatchObject({ name: 'BackupNotProved' })
    expect(await refused(['wallet', 'deposit', '1000000', '--without-backup'], { home: 'buyer' })).toMatchObject({
      name: 'InsufficientFunds',
    })
    const withdraw = (to: string) => refused(['wallet', 'withdraw', '1000000', '--to', to], { home: 'buyer' })
    expect(await withdraw(`0x${'5a'.repeat(20)}`)).toMatchObject({ name: 'InsufficientFunds' })
    expect(await withdraw(network.contracts.token)).toMatchObject({ name: 'InvalidRecipient' })
    for (const amount of ['1.2.3', '1e3', '0.0000000000000000001', 'all']) {
      expect((await here.run(['wallet', 'deposit', amount], { home: 'buyer', network: file })).code, amount).toBe(2)
    }
    const [shown] = await succeed(['wallet', 'show'], 'buyer')
    expect(shown).toMatchObject({ balanceMyst: '20' })
  })

  it('an offer with a forged signature is on the chain and in nobody’s list', async () => {
    const rpc = async (method: string, params: unknown[]): Promise<unknown> => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      const answer = await fetch(network.rpc[0] ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      return ((await answer.json()) as { result: unknown }).result
    }
    const [account] = (await rpc('eth_accounts', [])) as string[]
    const proposal = {
      formatVersion: 1,
      provider: '0x1111111111111111111111111111111111111111',
      serial: 1,
      serviceType: 'socks',
      serviceLocation: { country: 'DE' },
      originLocation: { country: 'DE' },
      bandwidthMbps: 10,
      unit: 'GiB',
      pricePerUnit: '1',
      contacts: [],
    }
    const forged = `0x01${'11'.repeat(64)}1b${Buffer.from(JSON.stringify(proposal)).toString('hex')}`
    const data = new Interface(contracts.ServiceDirectory.abi).encodeFunctionData('announce', [forged])
    const sent = await rpc('eth_sendTransaction', [{ from: account, to: network.contracts.serviceDirectory, data }])
    expect(await rpc('eth_getTransactionReceipt', [sent])).toMatchObject({ status: '0x1' })
    expect(await succeed(['proposals'], 'buyer')).toEqual([])
  })

  it('nothing on offer, nothing to clear, and wrong usage', async () => {
    expect(await refused(['connect', '--country', 'FR'], { home: 'buyer' })).toMatchObject({ name: 'NoProposal' })
    expect(await succeed(['clear'], 'buyer')).toEqual([])
    for (const args of [
      ['fly'],
      ['connect', '--type', 'pigeon'],
      ['identity'],
      ['provide', '--without-backup', '--service', 'socks', '--unit', 'GiB'],
      ['--nonsense'],
    ]) {
      expect((await here.run(args, { home: 'buyer', network: file })).code, args.join(' ')).toBe(2)
    }
  })

  it('sharing with an identity of which no backup was proved', async () => {
    const terms = ['provide', '--service', 'socks', '--price', '0.1', '--unit', 'GiB']
    expect(await refused(terms, { home: 'seller' })).toMatchObject({ name: 'BackupNotProved' })
  })

  it('a port in use, for the listener and for the page', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen({ host: '127.0.0.1', port: 0 }, resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address ? String(address.port) : ''
    const provide = here.start(
      ['provide', '--without-backup', '--service', 'socks', '--price', '0.1', '--unit', 'GiB'],
      {
        home: 'seller',
        network: file,
      },
    )
    await provide.until('announced', (line) => line.state === 'announced')
    try {
      expect(await refused(['app', '--port', port], { home: 'page' })).toMatchObject({ name: 'PortInUse' })
      const connect = await here.run(['connect', '--socks-port', port], { home: 'buyer', network: file })
      expect(connect.code).toBe(1)
      expect(connect.lines.at(-1)).toMatchObject({ state: 'disconnected', message: expect.stringContaining(port) })
    } finally {
      await provide.stop()
      taken.close()
    }
  })

  it('a second one that would share on the same home: neither ends the other, unless it is meant to', async () => {
    const terms = (price: string) => [
      'provide',
      '--without-backup',
      '--service',
      'socks',
      '--price',
      price,
      '--unit',
      'GiB',
    ]
    const seller = { home: 'seller', network: file }
    const first = here.start(terms('0.1'), seller)
    await first.until('announced', (line) => line.state === 'announced')
    const refusal = await refused(terms('0.2'), { home: 'seller' })
    expect(refusal).toMatchObject({ name: 'AlreadySharing', message: expect.stringContaining('socks for 0.1 MYST') })
    const second = here.start([...terms('0.2'), '--instead'], seller)
    await second.until('announced', (line) => line.state === 'announced')
    await first.until('that it was replaced', (line) => line.event === 'replaced')
    const [offer] = (await succeed(['proposals', '--sort', 'price'], 'buyer')).slice(-1)
    expect(offer).toMatchObject({ priceMyst: '0.2' })
    expect((await second.stop()).code).toBe(0)
    await first.until('the end', (line) => line.event === 'stopped')
    expect((await first.stop()).code).toBe(0)
  })

  describe.skipIf(process.getuid?.() !== 0 || !openVpnAvailability().available)(
    'on a machine [needs root openvpn]',
    () => {
      // A view of the file system of its own, in which one thing is missing.
      const without = (command: string) => ['unshare', '--mount', 'sh', '-c', `${command} && exec "$@"`, 'sh']
      const provide = ['provide', '--without-backup', '--service', 'openvpn', '--price', '0.1', '--unit', 'GiB']

      it('without OpenVPN', async () => {
        const under = without('mount -t tmpfs none /usr/sbin')
        expect(await refused(provide, { home: 'seller', under })).toMatchObject({ name: 'OpenVpnMissing' })
      })

      it('without a TUN device', async () => {
        const under = without('mount -t tmpfs none /dev/net')
        expect(await refused(provide, { home: 'seller', under })).toMatchObject({ name: 'NoTunDevice' })
      })
    },
  )

  it('chain and broker gone in the middle: the session ends with a reason, and what was promised is kept', async () => {
    const provide = here.start(
      ['provide', '--without-backup', '--service', 'socks', '--price', '0.1', '--unit', 'GiB'],
      {
        home: 'seller',
        network: file,
      },
    )
    await provide.until('announced', (line) => line.state === 'announced')
    const connect = here.start(['connect'], { home: 'buyer', network: file })
    await connect.until('connected', (line) => line.state === 'connected')
    await localnet.stop()
    const lost = await connect.until('the loss', (line) => line.state === 'reconnecting', 90_000)
    expect(lost.message).toEqual(expect.any(String))
    expect((await connect.stop()).code).toBe(0)
    await provide.stop()
    // The home remembers its network, and what was promised is known without it.
    const [given] = (await succeed(['promises'], 'buyer', {})).filter((line) => line.direction === 'given')
    const [received] = (await succeed(['promises'], 'seller', {})).filter((line) => line.direction === 'received')
    expect(received).toMatchObject({ serial: given?.serial, amountMyst: given?.amountMyst })
  }, 120_000)
})
