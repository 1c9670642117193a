import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { createKeystore } from '../identity/keystore.ts'
import { silentLogger } from '../lib/logger.ts'

/**
 * Changes a keystore, to be killed meanwhile: what a test needs that kills it.
 *
 *   node src-main/node/testing/keystore-writer.ts HOME STEP create|import|change ID KEYSTORE…
 *
 * One JSON line when it begins, and one for everything that is done. `create`: new identities under
 * "pass". `import`: each KEYSTORE under "pass". `change`: the passphrase of ID from "0" to "1", to "2", …
 * It goes on until it is killed; with a STEP above 0 it kills itself (-9) at that step on the disk.
 */
const [home = '', step = '0', what, id = '', ...keystores] = process.argv.slice(2)
if (Number(step) > 0) dieAt(Number(step))
const keystore = createKeystore(join(home, 'keystore'), { log: silentLogger }, { scrypt: { N: 2, r: 1, p: 1 } })
// A write to a pipe is over when it returns.
const tell = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`)

tell({ ready: true })
switch (what) {
  case 'create':
    for (;;) tell(await keystore.create('pass'))
  case 'import':
    for (const text of keystores) tell(await keystore.import(text, 'pass'))
    break
  case 'change':
    for (let turn = 0; ; turn++) {
      await keystore.changePassphrase(id as `0x${string}`, String(turn), String(turn + 1))
      tell({ passphrase: String(turn + 1) })
    }
}

/** The steps: a file is there and empty, half written, written, synced, about to be renamed, renamed, removed. */
function dieAt(last: number): void {
  let steps = 0
  const taken = () => {
    if (++steps === last) process.kill(process.pid, 'SIGKILL')
  }
  const { open, rename, rm } = fs
  const wrapped = (handle: FileHandle): FileHandle => {
    const { sync } = handle
    return Object.assign(handle, {
      async writeFile(text: string) {
        const half = Math.floor(text.length / 2)
        await handle.write(text.slice(0, half))
        taken()
        await handle.write(text.slice(half))
        taken()
      },
      async sync() {
        await sync.call(handle)
        taken()
      },
    })
  }
  fs.open = async (path, flags, mode) => {
    const handle = await open(path, flags, mode)
    if (typeof flags === 'string' && flags.startsWith('w')) taken()
    return wrapped(handle)
  }
  fs.rename = async (from, to) => {
    taken()
    await rename(from, to)
    taken()
  }
  fs.rm = async (path, options) => {
    await rm(path, options)
    taken()
  }
  syncBuiltinESMExports()
}
