import { existsSync } from 'node:fs'
import { mayUseService } from './helper-service.ts'
import { PKEXEC } from './launch-elevated.ts'

/** Where programs of the system are looked for; the helper looks again, more strictly. */
const PLACES = ['/usr/sbin', '/sbin', '/usr/bin']

/** Where tunnels are made; a container may have to be given it. */
export const hasTunDevice = (): boolean => existsSync('/dev/net/tun')

/** The file of one of the system's programs, if there is one. */
export function systemProgram(name: string): string | undefined {
  return PLACES.map((place) => `${place}/${name}`).find((file) => existsSync(file))
}

/** How the helper would get its rights: of itself, as the installed service, behind the prompt, or not at all. */
export function helperWay(servicePath?: string): 'root' | 'service' | 'prompt' | undefined {
  if (process.getuid?.() === 0) return 'root'
  if (mayUseService(servicePath)) return 'service'
  return existsSync(PKEXEC) ? 'prompt' : undefined
}
