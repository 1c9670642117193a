import type { AppState } from '#shared/contract/state.ts'
import { formatMyst } from '#shared/model/units.ts'
import { openNode } from './access.ts'
import type { CommandLine } from './arguments.ts'
import { type Json, type Output, plain, statusObject, statusSentence } from './output.ts'

/** How things are: of the connection, and of sharing where there is something to say. */
export async function status(line: CommandLine, output: Output): Promise<number> {
  const access = await openNode(line)
  try {
    const state = await access.call('state.get', {})
    output.line(
      { ...statusObject(state.connection), sharing: sharingObject(state) },
      [statusSentence(state.connection), ...sharingSentences(state)].join('\n'),
    )
    return 0
  } finally {
    await access.close()
  }
}

/** Undefined: the program's end stopped nothing. */
export function interruptedSentence({ share, settings }: AppState): string | undefined {
  if (!share.interrupted) return undefined
  const { services, pricePerUnit, unit } = share.interrupted
  const what = `${services.join(' and ')} for ${formatMyst(pricePerUnit)} MYST per ${unit}`
  const next = settings.shareOnStart
    ? (settings.problems.shareOnStart ?? 'It goes on when the app starts.')
    : 'Share again in the app or with "myst provide"; "myst settings set share-on-start on" does so by itself.'
  return `Sharing stopped when the program ended (${what}). ${plain(next)}`
}

/** `toCollectMyst` is null while the identity is locked: it is not known then. */
export function sharingObject({ share, wallet, identity }: AppState): { [key: string]: Json } {
  const { terms, services, closed } = share
  const isOn = share.state !== 'off' && terms !== undefined
  return {
    state: share.state,
    services: services.map(({ type, state, serial, message }) => ({ type, state, serial, message: message ?? null })),
    priceMyst: isOn ? formatMyst(terms.pricePerUnit) : null,
    unit: isOn ? terms.unit : null,
    people: peopleIn(share),
    closed: closed?.reason ?? null,
    closedUntil: closed ? new Date(closed.untilMs).toISOString() : null,
    earnedTodayMyst: identity.unlocked ? formatMyst(share.earnedToday) : null,
    toCollectMyst: identity.unlocked ? formatMyst(wallet.receivable) : null,
    message: share.message ?? null,
    interrupted: share.interrupted !== undefined,
  }
}

export function sharingSentences(app: AppState): string[] {
  const { share, wallet } = app
  const { state, terms, services, closed, message } = share
  if (state === 'off' || !terms) {
    const why = message === undefined ? undefined : `Not sharing. ${plain(message)}`
    return [why ?? interruptedSentence(app)].filter((one) => one !== undefined)
  }
  if (state === 'stopping') return ['Sharing stops…']
  const people = peopleIn(share)
  const connected = people === 0 ? 'nobody' : people === 1 ? '1 person' : `${people} people`
  const what = terms.services.join(' and ')
  return [
    `${state === 'starting' ? 'Sharing starts: ' : 'Sharing '}${what} for ${formatMyst(terms.pricePerUnit)} MYST per ${terms.unit}; ${connected} connected, ${formatMyst(share.earnedToday)} MYST earned today, ${formatMyst(wallet.receivable)} MYST to collect.`,
    ...services.flatMap(({ type, message }) => (message === undefined ? [] : [`${type}: ${plain(message)}`])),
    ...(closed ? [closedSentence(closed)] : []),
  ]
}

export function closedSentence({ reason, untilMs }: NonNullable<AppState['share']['closed']>): string {
  const why = reason === 'outside-hours' ? 'Outside of its hours' : "The month's volume is used up"
  return `${why}; nobody is served until ${new Date(untilMs).toLocaleString()}.`
}

/** One who has two sessions is one. */
const peopleIn = ({ sessions }: AppState['share']) => new Set(sessions.map(({ consumer }) => consumer)).size
