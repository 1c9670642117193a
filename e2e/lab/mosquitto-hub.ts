import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createLogger } from '../../src-main/node/lib/logger.ts'
import { startLocalnet } from '../../src-main/node/localnet/localnet.ts'
import { mosquittoBehindGate } from './mosquitto.ts'

/**
 * What `myst localnet up` does, with a real Mosquitto instead of the embedded broker. Prints
 * `{"event":"up"}` once the network file is there, before that `{"event":"mosquitto","pid":PID}`, and
 * each line of Mosquitto's log as `{"mosquitto":"…"}`. Runs until Ctrl-C.
 *
 *   node e2e/lab/mosquitto-hub.ts ADDRESS NETWORK_FILE
 */
const [host, file] = process.argv.slice(2)
if (host === undefined || file === undefined) throw new Error('mosquitto-hub.ts ADDRESS NETWORK_FILE')

const print = (object: object) => process.stdout.write(`${JSON.stringify(object)}\n`)
const asked = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
})
const running = await startLocalnet({
  host,
  log: createLogger((text) => process.stderr.write(`${text}\n`), 'hub', 'warn'),
  openBroker: mosquittoBehindGate(join(dirname(file), 'mosquitto'), {
    started: (pid) => print({ event: 'mosquitto', pid }),
    logged: (line) => print({ mosquitto: line }),
  }),
})
writeFileSync(file, JSON.stringify(running.network))
print({ event: 'up', network: file })
await asked
await running.stop()
