import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { MystError } from '#shared/errors/myst-error.ts'
import { launchElevated } from './network/launch-elevated.ts'
import type { HelperProgram } from './network/start-helper.ts'
import { openSettingsFile } from './settings-file.ts'

/**
 * "Restore internet": takes the network guard, and whatever else a helper did or left here, back. Works
 * without a node and without a helper: as root at once, else behind the system's password prompt. A
 * tunnel or service that runs is ended by it. Rejects with `NotSupported`, `NotPermitted`,
 * `ElevationRefused` or `RestoreFailed`.
 */
export async function restoreInternet(options: Partial<HelperProgram> = {}): Promise<void> {
  if (process.platform !== 'linux') {
    throw new MystError('NotSupported', 'Nothing is blocked here: the network guard exists on Linux only so far.')
  }
  const file = options.nodePath ?? process.execPath
  const args = [options.helperPath ?? fileURLToPath(new URL('../helper/main.ts', import.meta.url)), '--reset-network']
  if (process.getuid?.() === 0) return runAsRoot(file, args)
  await new Promise<void>((resolve, reject) => {
    launchElevated([file, ...args], (error) => {
      if (error?.name === 'HelperGone') reject(failed(error))
      else if (error) reject(error)
      else resolve()
    })
  })
}

/**
 * Switches lockdown off in a home, so that what was restored is not blocked again. `byNode` asks the node that runs to
 * do it; false when there is none that answers. Answers whether it was on. Rejects with `SettingsUnreadable`.
 */
export async function endLockdown(home: string, byNode: () => Promise<boolean>): Promise<boolean> {
  const file = openSettingsFile(home)
  if (!file.current.lockdown) return false
  if (!(await byNode())) await file.write({ ...file.current, lockdown: false })
  return true
}

function runAsRoot(file: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(file, [...args], { env: { PATH: '/usr/sbin:/usr/bin' }, cwd: '/', timeout: 60_000 }, (error) => {
      if (error) reject(failed(error))
      else resolve()
    })
  })
}

function failed(cause: unknown): MystError {
  const command = 'sudo nft delete table inet myst_guard'
  return new MystError(
    'RestoreFailed',
    `Not everything could be taken back; the block itself is removed by: ${command}`,
    {
      cause,
    },
  )
}
