import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseNetworkFile } from '#shared/contract/network-file.ts'
import { MystError, toWire } from '#shared/errors/myst-error.ts'
import { keepApi } from '../doors/api/keep-api.ts'
import { openHttpDoor } from '../doors/http.ts'
import { createNode, type Keychain, type MysteriumNode } from '../node/create-node.ts'
import { acquireHome, defaultHome } from '../node/home.ts'
import type { Logger } from '../node/lib/logger.ts'

/** The given home, or the one the command line uses. */
export const homeOf = (given: string): string => given || defaultHome()

/**
 * Takes the home and starts the node on it, with the command line's private socket beside it. Rejects
 * with `HomeInUse`, or with what the network file or the node said.
 */
export async function startNode(
  options: { home: string; networkFile: string; keychain: Keychain },
  log: Logger,
): Promise<Pick<MysteriumNode, 'handlers' | 'state' | 'stop'>> {
  const { home, networkFile, keychain } = options
  const network = networkFile === '' ? undefined : parseNetworkFile(readFileSync(networkFile, 'utf8'), networkFile)
  const release = await acquireHome(home, 2_000)
  if (!release) {
    throw new MystError('HomeInUse', `Another myst program is using ${home}; end it and start Mysterium again.`)
  }
  try {
    const node = await createNode({
      home,
      network,
      log,
      keychain,
      isStart: true,
      helper: { helperPath: besideTheApp('helper.js', import.meta.dirname), nodePath: plainNode() },
    })
    const { handlers, state } = node
    const door = await openHttpDoor(
      { handlers, state, log },
      { listen: { path: join(home, 'node.sock') }, access: 'file' },
    )
    const api = keepApi({ programs: node.programs, state, log: log.of('api') })
    // The window opens meanwhile.
    const unlocking = unlock(node, keychain, log)
    return {
      handlers,
      state,
      async stop() {
        await unlocking
        await api.stop()
        await door.stop()
        await node.stop()
        release()
      },
    }
  } catch (error) {
    release()
    throw error
  }
}

/**
 * With the passphrase that the environment gives for the only identity, else with the remembered one. The page never sees
 * it. What goes wrong leaves the app locked, and its page asks as ever.
 */
async function unlock({ handlers, state }: MysteriumNode, keychain: Keychain, log: Logger): Promise<void> {
  const [own, ...others] = state.get().identity.all
  const { MYST_PASSPHRASE: given } = process.env
  const fromEnvironment = given && own && others.length === 0 ? { id: own.id, passphrase: given } : undefined
  const remembered = fromEnvironment ? undefined : await keychain.recall()
  const key = fromEnvironment ?? remembered
  if (!key) return
  try {
    await handlers['identity.unlock'](key)
  } catch (error) {
    const { name, message } = toWire(error)
    log.warn(`the passphrase that was given or remembered does not unlock: ${message}`)
    if (remembered && (name === 'WrongPassphrase' || name === 'IdentityUnknown')) await handlers['identity.forget']({})
  }
}

/** The helper runs in a Node of its own: the app's binary is not one (its runAsNode fuse is off). */
const plainNode = () =>
  besideTheApp(
    process.platform === 'win32' ? 'node.exe' : 'node',
    join(import.meta.dirname, '../../node_modules/node/bin'),
  )

/** Packed, what another program reads stands beside the app's archive, not in it (electron-builder.yml). */
function besideTheApp(name: string, inSource: string): string {
  const packed = join(process.resourcesPath ?? '', name)
  return existsSync(packed) ? packed : join(inSource, name)
}
