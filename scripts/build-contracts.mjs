#!/usr/bin/env node
// Compiles contracts/src and writes what the node needs of it (ABI, bytecode) as TypeScript, and the hashes by which
// the contracts' tests know that they test the same code. The same source gives the same bytes on every machine;
// `--check` exits 1 when a committed file is not what comes out.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import solc from 'solc'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const openzeppelin = dirname(createRequire(import.meta.url).resolve('@openzeppelin/contracts/package.json'))
const names = ['MystToken', 'IdentityRegistry', 'ServiceDirectory', 'PaymentAccounts']

const compiled = compile()
const targets = {
  'src-main/node/chain/generated/contracts.ts': render(compiled),
  'contracts/vectors/shipped.json': renderHashes(compiled),
}
for (const [target, fresh] of Object.entries(targets)) {
  if (readOr(join(root, target), '') === fresh) continue
  if (process.argv.includes('--check')) {
    console.error(`${target} is not what contracts/src compiles to; run node scripts/build-contracts.mjs.`)
    process.exitCode = 1
  } else {
    writeFileSync(join(root, target), fresh)
  }
}

function compile() {
  // The settings are forge's, so that what is tested is what is shipped.
  const foundry = readFileSync(join(root, 'contracts/foundry.toml'), 'utf8')
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(names.map((name) => [`src/${name}.sol`, { content: read(`src/${name}.sol`) }])),
    settings: {
      evmVersion: setting(foundry, /^evm_version = "(\w+)"$/m),
      viaIR: setting(foundry, /name = "shipped", via_ir = (\w+),/) === 'true',
      optimizer: { enabled: true, runs: Number(setting(foundry, /name = "shipped",.*optimizer_runs = (\d+)/)) },
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: (path) => ({ contents: read(path) }) }))
  const problems = output.errors ?? []
  if (problems.length > 0) {
    for (const { formattedMessage } of problems) console.error(formattedMessage)
    process.exit(1)
  }
  return names.map((name) => {
    const { abi, evm } = output.contracts[`src/${name}.sol`][name]
    return { name, abi, bytecode: `0x${evm.bytecode.object}` }
  })
}

function render(contracts) {
  const entries = contracts.map(({ name, abi, bytecode }) => {
    const items = abi.map((item) => `      ${JSON.stringify(item)},\n`).join('')
    return `  ${name}: {\n    abi: [\n${items}    ],\n    bytecode:\n      '${bytecode}',\n  },\n`
  })
  return `// Made by scripts/build-contracts.mjs from contracts/src. Do not edit.\nexport const contracts = {\n${entries.join('')}} as const\n`
}

function renderHashes(contracts) {
  const hash = (bytecode) =>
    `0x${createHash('sha256')
      .update(Buffer.from(bytecode.slice(2), 'hex'))
      .digest('hex')}`
  const hashes = Object.fromEntries(contracts.map(({ name, bytecode }) => [name, hash(bytecode)]))
  return `${JSON.stringify({ about: 'SHA-256 of the bytecode in the node.', ...hashes }, undefined, 2)}\n`
}

/** A source by the name the compiler knows it by. */
function read(path) {
  const library = '@openzeppelin/contracts/'
  const file = path.startsWith(library) ? join(openzeppelin, path.slice(library.length)) : join(root, 'contracts', path)
  return readFileSync(file, 'utf8')
}

function setting(text, pattern) {
  const value = pattern.exec(text)?.[1]
  if (value === undefined) throw new Error(`contracts/foundry.toml has no ${pattern.source}`)
  return value
}

function readOr(file, fallback) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return fallback
  }
}
