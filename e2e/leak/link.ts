import { setTimeout as wait } from 'node:timers/promises'
import type { HostName, Hosts } from '../../src-main/node/localnet/hosts.ts'

/** Takes a host's link away, and configures it again `afterMs` later. */
export async function bounceLink(hosts: Hosts, host: HostName, afterMs: number): Promise<void> {
  const { gateway, gateway6, address6 } = hosts.host(host)
  const ip = (...commands: string[]) =>
    hosts.run(host, 'ip', ['-batch', '-'], { input: commands.map((one) => `${one}\n`).join('') })
  await ip('link set eth0 down')
  await wait(afterMs)
  // As whatever configures a link does, with the device: without it the tunnel's routes would choose one.
  await ip('link set eth0 up', `addr replace ${address6}/64 dev eth0 nodad`)
  await ip(...[gateway, gateway6].map((via) => `route replace default via ${via} dev eth0`))
}
