import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { startBrokerGate, writeMosquittoConfig } from '../../src-main/node/localnet/broker-gate.ts'
import type { BrokerStarter } from '../../src-main/node/localnet/localnet.ts'

export function findMosquitto(): string | undefined {
  return ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto'].find((file) => existsSync(file))
}

/**
 * A real Mosquitto behind our gate, as in deployment. `directory`: for its configuration and its
 * socket. `told` hears its pid once it listens, and every line of its log.
 */
export function mosquittoBehindGate(
  directory: string,
  told: { started(pid: number): void; logged(line: string): void },
): BrokerStarter {
  return async (options) => {
    // What starts it has a namespace and a directory of its own, so there is no account to change to.
    const { configFile, upstream } = await writeMosquittoConfig({ directory, user: 'root' })
    const child = await startMosquitto(configFile, told)
    try {
      const gate = await startBrokerGate({ ...options, upstream })
      return {
        url: gate.url,
        async stop() {
          await gate.stop()
          await end(child)
        },
      }
    } catch (error) {
      await end(child)
      throw error
    }
  }
}

/** Resolves when it listens. */
function startMosquitto(
  configFile: string,
  told: { started(pid: number): void; logged(line: string): void },
): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    // -v: it says when it listens, and who came in.
    const child = spawn(findMosquitto() ?? 'mosquitto', ['-v', '-c', configFile], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`Mosquitto ended with ${code ?? signal}.`)))
    createInterface({ input: child.stderr }).on('line', (line) => {
      told.logged(line)
      if (!/: mosquitto version \S+ running$/.test(line) || child.pid === undefined) return
      told.started(child.pid)
      resolve(child)
    })
  })
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}
