import type { AppState } from '#shared/contract/state.ts'
import { MystError } from '#shared/errors/myst-error.ts'
import { type Amount, MYST } from '#shared/model/units.ts'
import { m } from '../../messages/index.ts'
import type { MirrorStore } from '../../store/mirror.ts'
import type { NodeParts } from '../../store/node-context.tsx'

export type FundingTask = 'faucet' | 'register' | 'deposit'

/** Enough to try a good while with, and a round number. */
export const FIRST_DEPOSIT: Amount = 20n * MYST

/**
 * Funds, registers and deposits, whatever of it is still to do: pressing the button again after a
 * failure goes on where it stopped. `onTask` says what is under way. Rejects with a `MystError`.
 */
export async function fundAndRegister(
  deps: Pick<NodeParts, 'bridge' | 'mirror'> & { onTask(task: FundingTask): void },
  options: { faucet: boolean },
): Promise<void> {
  const { bridge, mirror, onTask } = deps
  const now = () => current(mirror)

  if (options.faucet) {
    const { identity, wallet } = now()
    const fee = identity.registration === 'registered' ? 0n : wallet.registrationFee
    const needed = fee + (wallet.balance > 0n ? 0n : FIRST_DEPOSIT)
    if (wallet.undeposited < needed || wallet.gas === 0n) {
      onTask('faucet')
      const missing = needed > wallet.undeposited ? needed - wallet.undeposited : MYST
      await bridge.command('wallet.faucet', { amount: missing })
      await until(mirror, (state) => state.wallet.undeposited >= needed && state.wallet.gas > 0n)
    }
  }

  if (now().identity.registration !== 'registered') {
    onTask('register')
    if (now().identity.registration !== 'registering') await bridge.command('identity.register', {})
    await until(mirror, (state) => {
      if (state.identity.registration === 'registered') return true
      const transaction = state.wallet.transaction
      if (transaction?.what === 'register' && transaction.state === 'failed') {
        throw new MystError('RegistrationFailed', transaction.message ?? m.setup.registerFailed)
      }
      return false
    })
  }

  const rest = now().wallet.undeposited
  if (now().wallet.balance === 0n && rest > 0n) {
    onTask('deposit')
    await bridge.command('wallet.deposit', { amount: options.faucet && rest > FIRST_DEPOSIT ? FIRST_DEPOSIT : rest })
    await until(mirror, (state) => state.wallet.balance > 0n)
  }
}

function current(mirror: MirrorStore): AppState {
  const { app } = mirror.getState()
  if (!app) throw new MystError('NodeUnreachable', m.app.lost)
  return app
}

/** Resolves as soon as `test` holds; rejects with what it throws. */
function until(mirror: MirrorStore, test: (state: AppState) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let stop = () => {}
    const look = () => {
      const { app } = mirror.getState()
      try {
        if (!app || !test(app)) return
        resolve()
      } catch (error) {
        reject(error)
      }
      stop()
    }
    stop = mirror.subscribe(look)
    look()
  })
}
