import { commands } from '#shared/contract/commands.ts'
import type { ShareState } from '#shared/contract/state.ts'
import { formatMyst } from '#shared/model/units.ts'
import { openNode } from './access.ts'
import { amount, type CommandLine, number, parsed } from './arguments.ts'
import type { Output } from './output.ts'
import { closedSentence } from './status.ts'
import { interrupted, online, unlocked, until } from './waiting.ts'

/** Says what is not as it was said before. */
type Teller = {
  tell(key: string, object: { [key: string]: string | number | null }, sentence: string): void
  hasTold(key: string): boolean
}

const gib = (count: number | undefined) => (count === undefined ? undefined : BigInt(Math.round(count * 2 ** 30)))

/**
 * Shares in the foreground; one line when a service is announced, a session comes or goes, or money moves. It never
 * ends what another one shares: that takes `--instead`, and what took the place of this one's terms goes on after it.
 */
export async function provide(line: CommandLine, output: Output): Promise<number> {
  const { options } = line
  const terms = parsed(commands['share.start'].input, {
    services: options.service?.split(','),
    pricePerUnit: amount(options.price, '--price'),
    unit: options.unit,
    country: (options.country ?? 'ZZ').toUpperCase(),
    bandwidthMbps: number(options, 'bandwidth') ?? 100,
    maxSessions: number(options, 'max-sessions') ?? 10,
    hours: options.hours,
    monthlyBytes: gib(number(options, 'monthly')),
    totalBandwidthMbps: number(options, 'total-bandwidth'),
    maxConnections: number(options, 'connections'),
    ...(options['allow-mail'] ? { allowMail: true } : {}),
    ...(options['keep-promises-private'] ? { sharePromises: false } : {}),
    ...(options.instead ? { instead: true } : {}),
    ...(options['without-backup'] ? { withoutBackup: true } : {}),
  })
  const signal = interrupted()
  const access = await openNode(line, { stays: true })
  try {
    const { identity } = await unlocked(access, options)
    await online(access, { broker: true })
    const { run } = await access.call('share.start', terms)
    const teller = createTeller(output)
    try {
      const { share } = await until(
        access,
        ({ share }) => {
          const isReplaced = share.run !== run
          if (isReplaced) {
            const stays = access.own ? ' This command stays, because the node runs in it: its end ends that, too.' : ''
            teller.tell('replaced', { event: 'replaced' }, `Other terms were put in the place of these.${stays}`)
          }
          tellShare(share, identity.active ?? null, teller)
          return share.state === 'off' || (isReplaced && !access.own)
        },
        signal,
      )
      if (share.state !== 'off') return 1
      output.line({ event: 'stopped', message: share.message ?? null }, share.message ?? 'Sharing stopped.')
      return share.message === undefined ? 0 : 1
    } catch (error) {
      if (!signal.aborted) throw error
      await access.call('share.stop', { run })
      return 0
    }
  } finally {
    await access.close()
  }
}

function createTeller(output: Output): Teller {
  const told = new Map<string, string>()
  return {
    tell(key, object, sentence) {
      const text = JSON.stringify(object)
      if (told.get(key) === text) return
      told.set(key, text)
      output.line(object, sentence)
    },
    hasTold: (key) => told.has(key),
  }
}

function tellShare(share: ShareState, provider: string | null, { tell, hasTold }: Teller): void {
  const { services, sessions, closed, volume } = share
  for (const service of services) {
    const { type, state, serial, message } = service
    tell(
      `service/${type}`,
      { event: 'service', service: type, state, serial, provider, message: message ?? null },
      `${type}: ${state}${state === 'announced' ? ` as ${provider}/${serial}` : ''}${message ? ` (${message})` : ''}`,
    )
  }
  for (const { sessionId, consumer, serviceType, metering, leftover } of sessions) {
    const { bytesUp, bytesDown, cost } = metering
    tell(
      `session/${sessionId}`,
      {
        event: 'session',
        sessionId,
        consumer,
        service: serviceType,
        bytesUp: Number(bytesUp),
        bytesDown: Number(bytesDown),
        costMyst: formatMyst(cost),
        leftoverMyst: formatMyst(leftover),
      },
      `${consumer} over ${serviceType}: ${bytesDown} bytes down, ${bytesUp} up, cost ${formatMyst(cost)} MYST`,
    )
  }
  const open = { event: 'open', reason: null, untilMs: null, monthBytes: Number(volume?.usedBytes ?? 0n) }
  if (closed) {
    const { reason, untilMs } = closed
    tell('serving', { ...open, event: 'closed', reason, untilMs }, closedSentence(closed))
  } else if (hasTold('serving')) tell('serving', open, 'Serving again.')
}
