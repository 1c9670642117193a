import { z } from 'zod'

const ip = z.union([z.ipv4(), z.ipv6()])

export const CONNECT_ON_START = ['off', 'last', 'best'] as const

export const LANGUAGES = ['auto', 'en', 'de'] as const

export const settings = z.object({
  /** While the guard stands: printers and the like can be reached, the local network's name server never. */
  allowLocalNetwork: z.boolean(),
  /** Who is asked for names through a VPN. `default`: the network file's, for whoever would ask in his own network. */
  resolver: z
    .string()
    .max(45)
    .refine(
      (text) => text === 'default' || (ip.safeParse(text).success && isPublic(text)),
      'write "default" or the public IP address of a name server; one in your own network would be asked beside the tunnel',
    ),
  /** Nothing leaves this machine but through a VPN, also while there is none. */
  lockdown: z.boolean(),
  /** When an app starts, once the identity is unlocked: to the provider of last time, or to the best offer. */
  connectOnStart: z.enum(CONNECT_ON_START),
  /** Of window and tray. `auto`: what the person's system or browser asks for. */
  language: z.enum(LANGUAGES),
})
export type Settings = z.output<typeof settings>

export const DEFAULT_SETTINGS: Settings = {
  allowLocalNetwork: false,
  resolver: 'default',
  lockdown: false,
  connectOnStart: 'off',
  language: 'auto',
}

/** `problems`: what a setting asks for and is not so, in one sentence each. */
export type SettingsState = Settings & { problems: { [name in keyof Settings]?: string } }

/** Of a valid address. Documentation addresses count, because test networks are made of them. */
function isPublic(address: string): boolean {
  // Everything that is given to hosts begins with 2 or 3 (2000::/3); 6to4 hides an IPv4 address.
  if (address.includes(':')) return /^[23][0-9a-f]{3}:/i.test(address) && !address.startsWith('2002:')
  const [a = 0, b = 0] = address.split('.').map(Number)
  const isLocal = a === 10 || a === 127 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168)
  const isShared = (a === 100 && b >= 64 && b <= 127) || (a === 169 && b === 254)
  return a !== 0 && a < 224 && !isLocal && !isShared
}
