import { commands } from '#shared/contract/commands.ts'
import { formatMyst } from '#shared/model/units.ts'
import { openNode } from './access.ts'
import { amount, type CommandLine, number, parsed } from './arguments.ts'
import type { Output } from './output.ts'
import { interrupted, online, unlocked, until } from './waiting.ts'

const gib = (count: number | undefined) => (count === undefined ? undefined : BigInt(Math.round(count * 2 ** 30)))

/** Shares in the foreground; one line when a service is announced, a session comes or goes, or money moves. */
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
  })
  const signal = interrupted()
  const access = await openNode(line, { stays: true })
  try {
    const { identity } = await unlocked(access, options)
    await online(access, { broker: true })
    await access.call('share.start', terms)
    const shown = new Map<string, string>()
    const show = (key: string, object: { [key: string]: string | number | null }, sentence: string) => {
      const text = JSON.stringify(object)
      if (shown.get(key) === text) return
      shown.set(key, text)
      output.line(object, sentence)
    }
    try {
      const ended = await until(
        access,
        ({ share }) => {
          for (const service of share.services) {
            show(
              `service/${service.type}`,
              {
                event: 'service',
                service: service.type,
                state: service.state,
                serial: service.serial,
                provider: identity.active ?? null,
                message: service.message ?? null,
              },
              `${service.type}: ${service.state}${service.state === 'announced' ? ` as ${identity.active}/${service.serial}` : ''}${service.message ? ` (${service.message})` : ''}`,
            )
          }
          for (const session of share.sessions) {
            show(
              `session/${session.sessionId}`,
              {
                event: 'session',
                sessionId: session.sessionId,
                consumer: session.consumer,
                service: session.serviceType,
                bytesUp: Number(session.metering.bytesUp),
                bytesDown: Number(session.metering.bytesDown),
                costMyst: formatMyst(session.metering.cost),
                leftoverMyst: formatMyst(session.leftover),
              },
              `${session.consumer} over ${session.serviceType}: ${session.metering.bytesDown} bytes down, ${session.metering.bytesUp} up, cost ${formatMyst(session.metering.cost)} MYST`,
            )
          }
          const { closed, volume } = share
          const until = closed && new Date(closed.untilMs).toLocaleString()
          if (closed || shown.has('serving')) {
            show(
              'serving',
              {
                event: closed ? 'closed' : 'open',
                reason: closed?.reason ?? null,
                untilMs: closed?.untilMs ?? null,
                monthBytes: Number(volume?.usedBytes ?? 0n),
              },
              closed === undefined
                ? 'Serving again.'
                : closed.reason === 'outside-hours'
                  ? `Outside of its hours; nobody is served until ${until}.`
                  : `The month's volume is used up; nobody is served until ${until}.`,
            )
          }
          return share.state === 'off'
        },
        signal,
      )
      output.line({ event: 'stopped', message: ended.share.message ?? null }, ended.share.message ?? 'Sharing stopped.')
      return ended.share.message === undefined ? 0 : 1
    } catch (error) {
      if (!signal.aborted) throw error
      await access.call('share.stop', {})
      return 0
    }
  } finally {
    await access.close()
  }
}
