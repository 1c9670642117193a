import { MystError } from '#shared/errors/myst-error.ts'
import { type IdentityId, identityId } from '#shared/model/identity.ts'
import { formatMyst } from '#shared/model/units.ts'
import type { NodeAccess } from '../client.ts'
import { openNode } from './access.ts'
import { type CommandLine, newPassphraseFrom, parsed, passphraseFrom, UsageError } from './arguments.ts'
import { readKeystore, writeNew } from './keystore-files.ts'
import type { Output } from './output.ts'
import { online, unlocked, until } from './waiting.ts'

export async function identity(line: CommandLine, output: Output): Promise<number> {
  const { words, options } = line
  const [, verb, argument] = words
  const access = await openNode(line)
  try {
    switch (verb) {
      case 'new': {
        const { id } = await access.call('identity.create', { passphrase: passphraseFrom(options) })
        output.line({ identity: id }, id)
        return 0
      }
      case 'list': {
        const { identity } = await access.call('state.get', {})
        output.table(
          identity.all.map(({ id, backedUp }) => ({ identity: id, backedUp, active: id === identity.active })),
          'No identity yet; make one with "myst identity new".',
        )
        return 0
      }
      case 'show': {
        const { identity: all } = await access.call('state.get', {})
        const id = argument === undefined ? (all.active ?? all.all[0]?.id) : parsed(identityId, argument)
        const known = all.all.find((one) => one.id === id)
        if (!known) throw new MystError('IdentityUnknown', 'There is no such identity here.')
        const state = await online(access)
        const { registration, balance } = await access.call('identity.status', { id: known.id })
        const gasAddress = state.identity.active === known.id ? (state.identity.gasAddress ?? null) : null
        output.line(
          { identity: known.id, backedUp: known.backedUp, registration, balanceMyst: formatMyst(balance), gasAddress },
          `${known.id}: ${registration}, ${formatMyst(balance)} MYST, ${known.backedUp ? 'backed up' : known.backedUpBefore ? 'backed up under a passphrase of before' : 'not backed up'}`,
        )
        return 0
      }
      case 'import': {
        if (argument === undefined) throw new UsageError('identity import FILE')
        const { id, gasAccount } = await access.call('identity.import', {
          keystore: readKeystore(argument),
          passphrase: passphraseFrom(options),
        })
        const told = `${id}\nThe file holds no gas account, so this is a new one; what an old one holds is not here.`
        output.line({ identity: id, gasAccount }, gasAccount === 'new' ? told : id)
        return 0
      }
      case 'export': {
        if (options.out === undefined) throw new UsageError('identity export [ID] --out FILE')
        const id = await chosen(access, argument)
        const { keystore } = await access.call('identity.export', { id })
        writeNew(options.out, keystore)
        output.line({ identity: id, file: options.out }, options.out)
        return 0
      }
      case 'prove': {
        if (argument === undefined) throw new UsageError('identity prove FILE')
        const passphrase = passphraseFrom(options)
        const { id } = await access.call('identity.proveBackup', { keystore: readKeystore(argument), passphrase })
        output.line({ identity: id, backedUp: true }, `The backup of ${id} opens; keep it in a safe place.`)
        return 0
      }
      case 'passphrase': {
        const id = await chosen(access, argument)
        const [old, next] = [passphraseFrom(options), newPassphraseFrom(options)]
        await access.call('identity.changePassphrase', { id, old, new: next })
        output.line(
          { identity: id, backedUp: false },
          `The new passphrase opens ${id}. Backups made before keep the old one: export and prove a new one.`,
        )
        return 0
      }
      case 'register': {
        await unlocked(access, argument === undefined ? options : { ...options, identity: argument })
        await online(access)
        const { fee, gas, maxGas, problem } = await access.call('wallet.quote', { what: 'register' })
        const costs = `${formatMyst(fee)} MYST and about ${formatMyst(gas)} ETH, at most ${formatMyst(maxGas)}`
        if (problem === undefined) output.note(`Registering takes ${costs}.`)
        const { transaction, gasPaid } = await access.call('identity.register', {})
        const state = await until(access, (state) => state.identity.registration === 'registered')
        output.line(
          {
            identity: state.identity.active ?? null,
            registration: 'registered',
            transaction,
            feeMyst: formatMyst(fee),
            gasPaidEther: formatMyst(gasPaid),
          },
          `Registered ${state.identity.active} (${transaction}) for ${formatMyst(fee)} MYST and ${formatMyst(gasPaid)} ETH.`,
        )
        return 0
      }
      default:
        throw new UsageError(
          'identity new | list | show [ID] | import FILE | export [ID] --out FILE | prove FILE | passphrase [ID] --new-passphrase-file F | register [ID]',
        )
    }
  } finally {
    await access.close()
  }
}

async function chosen(access: NodeAccess, argument: string | undefined): Promise<IdentityId> {
  if (argument !== undefined) return parsed(identityId, argument)
  const { identity } = await access.call('state.get', {})
  const id = identity.active ?? identity.all[0]?.id
  if (id === undefined) throw new MystError('IdentityUnknown', 'There is no identity here.')
  return id
}
