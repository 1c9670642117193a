import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { MystError } from '#shared/errors/myst-error.ts'
import { formatMyst } from '#shared/model/units.ts'
import { startDemo } from '../../node/localnet/demo.ts'
import { startLocalnet } from '../../node/localnet/localnet.ts'
import { loggerFor, openNode } from './access.ts'
import { amount, type CommandLine, localnetFile, number, passphraseFrom, UsageError } from './arguments.ts'
import { readKeystore, writeNew } from './keystore-files.ts'
import type { Output } from './output.ts'
import { aborted, interrupted, online } from './waiting.ts'

export async function localnet(line: CommandLine, output: Output): Promise<number> {
  if (line.words[1] === 'member') return member(line, output)
  if (line.words[1] !== 'up') {
    throw new UsageError(
      'localnet up [--host ADDR] [--out FILE] [--block-time S] | member [--deposit AMOUNT] [--out FILE]',
    )
  }
  const signal = interrupted()
  const blockTimeS = number(line.options, 'block-time')
  const file = resolve(line.options.out ?? localnetFile())
  const running = await startLocalnet({
    host: line.options.host ?? '127.0.0.1',
    log: loggerFor(line),
    ...(blockTimeS === undefined ? {} : { blockTimeS }),
  })
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(`${file}.new`, `${JSON.stringify(running.network, null, 2)}\n`)
    renameSync(`${file}.new`, file)
    output.line(
      { event: 'up', network: file, rpc: running.network.rpc[0] ?? null, broker: running.network.brokers[0] ?? null },
      `The local network is up: ${file}\nCtrl-C ends it.`,
    )
    await Promise.race([aborted(signal), running.ended])
    if (!signal.aborted) throw new MystError('ChainEnded', 'The local chain ended by itself, and the network with it.')
    return 0
  } finally {
    await running.stop()
    // The chain is gone, so the file would lead nowhere.
    rmSync(file, { force: true })
  }
}

/**
 * A new identity that is ready to trade, in one go, where MYST comes from a faucet: registered, with a
 * deposit, and with a backup in `--out` that was opened again.
 */
async function member(line: CommandLine, output: Output): Promise<number> {
  const { options } = line
  const passphrase = passphraseFrom(options)
  const deposit = options.deposit === undefined ? 0n : amount(options.deposit, '--deposit')
  const access = await openNode(line)
  try {
    const { id } = await access.call('identity.create', { passphrase })
    if (options.out !== undefined) {
      const { keystore } = await access.call('identity.export', { id })
      writeNew(options.out, keystore)
      await access.call('identity.proveBackup', { keystore: readKeystore(options.out), passphrase })
    }
    const { wallet } = await online(access)
    await access.call('wallet.faucet', { amount: deposit + 10n * wallet.registrationFee })
    const { transaction } = await access.call('identity.register', {})
    if (deposit > 0n) await access.call('wallet.deposit', { amount: deposit, withoutBackup: options.out === undefined })
    output.line({ identity: id, registration: 'registered', depositMyst: formatMyst(deposit), transaction }, id)
    return 0
  } finally {
    await access.close()
  }
}

/** What `npm start` runs: a network of one's own with providers, and the app on it. */
export async function demo(line: CommandLine, output: Output): Promise<number> {
  const signal = interrupted()
  const port = number(line.options, 'port')
  const running = await startDemo({
    log: loggerFor(line),
    progress: (text) => output.line({ event: 'progress', message: text }, text),
    lost: (text) => output.line({ event: 'lost', message: text }, text),
    signal,
    ...(port === undefined ? {} : { port }),
  })
  try {
    const where =
      running.address === undefined
        ? 'The app is open.'
        : `Open the app here (the address works once):\n  ${running.address}`
    const look =
      running.look === undefined
        ? ''
        : ` Websites of the demo's small internet then see another\naddress; in another terminal, as root:\n  ${running.look}\n`
    output.line(
      { event: 'app', address: running.address ?? null, services: running.services, look: running.look ?? null },
      `\n${where}\n\nChoose "Quick connect", then "Connect".${look} Ctrl-C ends everything.`,
    )
    const ended = await Promise.race([aborted(signal), running.ended])
    if (!ended) return 0
    output.line({ event: 'ended', message: ended.sentence }, ended.sentence)
    return ended.isFault ? 1 : 0
  } finally {
    await running.stop()
  }
}
