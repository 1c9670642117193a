import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import * as secp from '@noble/secp256k1'
import { Interface, id } from 'ethers'
import type { NetworkFile } from '#shared/contract/network-file.ts'
import { contracts } from '../chain/generated/contracts.ts'
import { identityOf } from '../lib/secp256k1.ts'

/*
 * A blockchain node with very many registrations, as a program of its own: real JSON-RPC over HTTP, logs as
 * the contract emits them, each with a key of its own that its identity follows from. Making them on a real
 * chain would take a signature and a transaction each.
 */

export type Registrations = { count: number; perBlock: number }

export const registrationsNetwork = (rpc: string): NetworkFile => ({
  name: 'many registrations',
  chainId: 31_337,
  rpc: [rpc],
  brokers: ['mqtt://127.0.0.1:1883'],
  probes: [],
  local: true,
  startBlock: 1,
  contracts: {
    token: `0x${'11'.repeat(20)}`,
    identityRegistry: `0x${'22'.repeat(20)}`,
    serviceDirectory: `0x${'33'.repeat(20)}`,
    paymentAccounts: `0x${'44'.repeat(20)}`,
  },
})

const topic = new Interface(contracts.IdentityRegistry.abi).getEvent('Registered')?.topicHash
const word = (value: bigint) => value.toString(16).padStart(64, '0')

/** As the registry emits it; `key`: 64 bytes of hex. */
export function registeredLog(identity: string, key: string, value: bigint): { topics: unknown[]; data: string } {
  return {
    topics: [topic, `0x${identity.slice(2).padStart(64, '0')}`],
    data: `0x${word(64n)}${word(value)}${word(64n)}${key}`,
  }
}

/** Public keys of the private keys 1, 2, … as 64 bytes of hex, by additions that share one inversion. */
export function publicKeys(count: number): string[] {
  const { p } = secp.Point.CURVE()
  const mod = (value: bigint) => ((value % p) + p) % p
  const points = [secp.Point.BASE.toAffine(), secp.Point.BASE.double().toAffine()]
  while (points.length < count) {
    const last = points.at(-1) as secp.AffinePoint
    const others = points.slice(0, Math.min(points.length - 1, count - points.length))
    const products: bigint[] = [1n]
    for (const { x } of others) products.push(mod((products.at(-1) as bigint) * (last.x - x)))
    let inverse = secp.etc.invert(products.at(-1) as bigint, p)
    const sums: secp.AffinePoint[] = []
    for (let index = others.length - 1; index >= 0; index--) {
      const { x, y } = others[index] as secp.AffinePoint
      const slope = mod((last.y - y) * inverse * (products[index] as bigint))
      inverse = mod(inverse * (last.x - x))
      const sumX = mod(slope * slope - x - last.x)
      sums[index] = { x: sumX, y: mod(slope * (x - sumX) - y) }
    }
    points.push(...sums)
  }
  return points.map(({ x, y }) => word(x) + word(y))
}

function serve({ count, perBlock }: Registrations): void {
  const { identityRegistry } = registrationsNetwork('http://127.0.0.1').contracts
  const keys = publicKeys(count)
  const identities = keys.map((key) => identityOf(Buffer.from(`04${key}`, 'hex')))
  const head = Math.ceil(count / perBlock)
  const hashes = Array.from({ length: head + 1 }, (_, number) => id(`block ${number}`))
  const hex = (value: number) => `0x${value.toString(16)}`
  const block = (number: number) =>
    number > head ? null : { number: hex(number), hash: hashes[number], timestamp: hex(1_700_000_000 + number) }

  /** Registration n is in block 1 + ⌊n / perBlock⌋. */
  function logs(from: number, to: number): unknown[] {
    const found: unknown[] = []
    for (let index = (from - 1) * perBlock; index < Math.min(count, to * perBlock); index++) {
      const blockNumber = 1 + Math.floor(index / perBlock)
      found.push({
        address: identityRegistry,
        ...registeredLog(identities[index] ?? '', keys[index] ?? '', 10n ** 19n),
        blockNumber: hex(blockNumber),
        blockHash: hashes[blockNumber],
        logIndex: hex(index % perBlock),
        transactionHash: `0x${word(BigInt(index))}`,
        transactionIndex: hex(index % perBlock),
        removed: false,
      })
    }
    return found
  }

  function answer(method: string, params: unknown[]): unknown {
    switch (method) {
      case 'eth_chainId':
        return hex(31_337)
      case 'eth_getCode':
        return '0x00'
      case 'eth_getBlockByNumber':
        return block(params[0] === 'latest' ? head : Number(params[0]))
      case 'eth_getLogs': {
        const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string }
        return logs(Number(fromBlock), Number(toBlock))
      }
      default:
        throw new Error(`nobody asks for ${method}`)
    }
  }

  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const { id: requestId, method, params } = JSON.parse(text)
      response.end(JSON.stringify({ jsonrpc: '2.0', id: requestId, result: answer(method, params) }))
    })
  })
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  // It ends with whoever started it.
  process.stdin.on('end', () => process.exit()).resume()
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  serve(JSON.parse(process.argv[2] ?? '') as Registrations)
}
