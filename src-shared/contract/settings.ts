import { z } from 'zod'
import { CONNECT_ON_START, isResolver, LANGUAGES } from '../model/choices.ts'

export const settings = z.object({
  /** While the guard stands: printers and the like can be reached, the local network's name server never. */
  allowLocalNetwork: z.boolean(),
  /** Who is asked for names through a VPN. `default`: the network file's, for whoever would ask in his own network. */
  resolver: z
    .string()
    .max(45)
    .refine(
      isResolver,
      'write "default" or the public IP address of a name server; one in your own network would be asked beside the tunnel',
    ),
  /** Nothing leaves this machine but through a VPN, also while there is none. */
  lockdown: z.boolean(),
  /** When an app starts, once the identity is unlocked: to the provider of last time, or to the best offer. */
  connectOnStart: z.enum(CONNECT_ON_START),
  /** When an app starts, once the identity is unlocked: what was shared when the app ended, on the same terms. */
  shareOnStart: z.boolean(),
  /** Of window and tray. `auto`: what the person's system or browser asks for. */
  language: z.enum(LANGUAGES),
  /** The local API of programs listens, on 127.0.0.1 only. */
  programsApi: z.boolean(),
  programsApiPort: z.number().int().min(1024, 'choose a port from 1024 on').max(65_535),
})
export type Settings = z.output<typeof settings>

export const DEFAULT_SETTINGS: Settings = {
  allowLocalNetwork: false,
  resolver: 'default',
  lockdown: false,
  connectOnStart: 'off',
  shareOnStart: false,
  language: 'auto',
  programsApi: false,
  // Fixed, so that a program can be told of it once; free by its registration, and below the ports that systems give to
  // outgoing connections (from 32768 or 49152 on), so that none of these takes it by chance.
  programsApiPort: 14_050,
}

/** `problems`: what a setting asks for and is not so, in one sentence each. */
export type SettingsState = Settings & { problems: { [name in keyof Settings]?: string } }
