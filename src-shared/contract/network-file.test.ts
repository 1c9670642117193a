import { describe, expect, it } from 'vitest'
import { parseNetworkFile } from './network-file.ts'

const address = `0x${'1'.repeat(40)}`
const network = {
  name: 'here',
  chainId: 31_337,
  rpc: ['http://127.0.0.1:8545/v3/key'],
  contracts: { token: address, identityRegistry: address, serviceDirectory: address, paymentAccounts: address },
  startBlock: 0,
  brokers: ['mqtt://127.0.0.1:1883'],
}
const read = (changes: object) => parseNetworkFile(JSON.stringify({ ...network, ...changes }), 'network.json')

describe('the network file', () => {
  it('names chain nodes and brokers', () => {
    expect(read({})).toMatchObject({ rpc: network.rpc, brokers: network.brokers, probes: [], local: false })
  })

  it.each([
    { rpc: ['http://me:secret@127.0.0.1:8545'] },
    { rpc: ['http://me@127.0.0.1:8545'] },
    { brokers: ['mqtts://me:secret@broker.example'] },
    { probes: ['http://:secret@probe.example/'] },
    { transferProbe: 'http://me:secret@probe.example/' },
    { rpc: ['http://'] },
    { rpc: ['ftp://127.0.0.1'] },
  ])('is refused with %j, and the refusal repeats no password', (changes) => {
    expect(() => read(changes)).toThrow(expect.objectContaining({ name: 'InvalidNetworkFile' }))
    expect(() => read(changes)).not.toThrow(/secret/)
  })

  it.each([
    [{ name: undefined }, 'network.json is no network file: name is missing.'],
    [{ rpc: ['ftp://a'] }, 'network.json is no network file: rpc.0: an address here begins with http(s)://.'],
    [{ contracts: {} }, 'network.json is no network file: contracts.token is missing.'],
  ])('with %j says what is wrong in it', (changes, message) => {
    expect(() => read(changes)).toThrow(expect.objectContaining({ message }))
  })
})
