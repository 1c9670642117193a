import type { CommandInput } from '#shared/contract/commands.ts'
import type { ShareTerms } from '#shared/contract/state.ts'
import type { MeteringUnit, ServiceTypeName } from '#shared/model/proposal.ts'
import { offeredBandwidth } from '#shared/model/share-bandwidth.ts'
import { normalHours } from '#shared/model/share-hours.ts'
import { formatMyst, MYST } from '#shared/model/units.ts'
import { formatCount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { numberProblem, readAmount, readNumber, readWhole, typeNumber } from '../../messages/typed.ts'

/** The form as it was typed. */
export type TermsForm = {
  openvpn: boolean
  socks: boolean
  price: string
  unit: MeteringUnit
  country: string
  bandwidth: string
  maxSessions: string
  /** Empty: no limit, or the usual one. */
  hours: string
  monthlyGib: string
  totalBandwidth: string
  connections: string
  allowMail: boolean
  understood: boolean
}

export const DEFAULT_TERMS: TermsForm = {
  openvpn: true,
  socks: true,
  price: '0.05',
  unit: 'GiB',
  country: '',
  bandwidth: '20',
  maxSessions: '5',
  hours: '',
  monthlyGib: '',
  totalBandwidth: '',
  connections: '',
  allowMail: false,
  understood: false,
}

/** As a form shows them: numbers as this language writes them. */
export function defaultTerms(): TermsForm {
  return { ...DEFAULT_TERMS, price: typeNumber(DEFAULT_TERMS.price) }
}

/** MYST per unit. A promise holds 79 billion, and nobody means so much. */
export const MOST_PRICE = 1_000_000n * MYST

/** What the node takes when nothing is said. */
export const USUAL_CONNECTIONS = 2_000

export type TermsErrors = {
  [field in
    | 'services'
    | 'price'
    | 'country'
    | 'bandwidth'
    | 'maxSessions'
    | 'hours'
    | 'monthlyGib'
    | 'totalBandwidth'
    | 'connections'
    | 'understood']?: string
}

export type CheckedTerms = { ok: true; input: CommandInput<'share.start'> } | { ok: false; errors: TermsErrors }

/** Every field's fault at once, in words, so that nobody fixes them one by one. */
export function checkTerms(form: TermsForm, available: { [type in ServiceTypeName]: boolean }): CheckedTerms {
  const services = (['openvpn', 'socks'] as const).filter((type) => form[type] && available[type])
  const pricePerUnit = readAmount(form.price)
  const bandwidthMbps = readFigure(form.bandwidth)
  const maxSessions = readWhole(form.maxSessions) ?? Number.NaN
  const monthlyBytes = readGib(form.monthlyGib)
  const totalBandwidthMbps = form.totalBandwidth === '' ? undefined : readFigure(form.totalBandwidth)
  const maxConnections = form.connections === '' ? undefined : (readWhole(form.connections) ?? Number.NaN)
  const hours = form.hours === '' ? undefined : normalHours(form.hours)
  const errors: TermsErrors = {
    ...(services.length === 0 && { services: m.share.servicesBad }),
    ...(pricePerUnit === undefined && { price: numberProblem(form.price, m.share.priceBad) }),
    ...(pricePerUnit !== undefined &&
      pricePerUnit > MOST_PRICE && { price: m.share.priceMost(formatCount(Number(MOST_PRICE / MYST))) }),
    ...(!/^[A-Z]{2}$/.test(form.country) && { country: m.share.countryBad }),
    ...(!isBandwidth(bandwidthMbps) && { bandwidth: numberProblem(form.bandwidth, m.share.bandwidthBad) }),
    ...(!(maxSessions >= 1 && maxSessions <= 250) && {
      maxSessions: m.share.maxSessionsBad,
    }),
    ...(form.hours !== '' && hours === undefined && { hours: m.share.hoursBad }),
    ...(monthlyBytes === 'bad' && { monthlyGib: numberProblem(form.monthlyGib, m.share.monthlyBad) }),
    ...(totalBandwidthMbps !== undefined &&
      !isBandwidth(totalBandwidthMbps) && {
        totalBandwidth: numberProblem(form.totalBandwidth, m.share.bandwidthBad),
      }),
    ...(maxConnections !== undefined &&
      !(maxConnections >= 1 && maxConnections <= 65_535) && {
        connections: m.share.connectionsBad,
      }),
    ...(!form.understood && { understood: m.share.understandBad }),
  }
  if (Object.keys(errors).length > 0 || pricePerUnit === undefined || monthlyBytes === 'bad')
    return { ok: false, errors }
  return {
    ok: true,
    input: {
      ...{ services, pricePerUnit, unit: form.unit, country: form.country, bandwidthMbps, maxSessions },
      ...(hours !== undefined && { hours }),
      ...(monthlyBytes !== undefined && { monthlyBytes }),
      ...(totalBandwidthMbps !== undefined && { totalBandwidthMbps }),
      ...(maxConnections !== undefined && { maxConnections }),
      ...(form.allowMail && { allowMail: true }),
    },
  }
}

const isBandwidth = (mbps: number) => mbps >= 0.1 && mbps <= 100_000

/** What the offer says when that is less than a person may use, because all together may not use more. */
export function lessOffered(form: TermsForm, services: number): number | undefined {
  const [perPerson, total] = [readFigure(form.bandwidth), readFigure(form.totalBandwidth)]
  if (services === 0 || !isBandwidth(perPerson) || !isBandwidth(total)) return undefined
  const offered = offeredBandwidth(perPerson, total, services)
  return offered < perPerson ? offered : undefined
}

/** A number of GiB, with decimals, as bytes; undefined: nothing was typed. */
function readGib(text: string): bigint | undefined | 'bad' {
  if (text === '') return undefined
  const gib = readFigure(text)
  return gib >= 0.1 && gib <= 1_000_000 ? BigInt(Math.round(gib * 2 ** 30)) : 'bad'
}

/** NaN when it is none. */
const readFigure = (text: string) => Number(readNumber(text) ?? Number.NaN)

/** The errors of those fields that were not touched since. */
export function errorsLeft(errors: TermsErrors, before: TermsForm, after: TermsForm): TermsErrors {
  const isTouched = (field: string) =>
    field === 'services'
      ? before.openvpn !== after.openvpn || before.socks !== after.socks
      : before[field as keyof TermsForm] !== after[field as keyof TermsForm]
  return Object.fromEntries(Object.entries(errors).filter(([field]) => !isTouched(field)))
}

/** What is shared now, as one would have typed it. */
export function typedTerms(terms: ShareTerms): TermsForm {
  const typed = (number: number | undefined) => (number === undefined ? '' : typeNumber(String(number)))
  return {
    openvpn: terms.services.includes('openvpn'),
    socks: terms.services.includes('socks'),
    price: typeNumber(formatMyst(terms.pricePerUnit)),
    unit: terms.unit,
    country: terms.country,
    bandwidth: typed(terms.bandwidthMbps),
    maxSessions: typed(terms.maxSessions),
    hours: terms.hours ?? '',
    monthlyGib: typed(
      terms.monthlyBytes === undefined ? undefined : Number((Number(terms.monthlyBytes) / 2 ** 30).toFixed(3)),
    ),
    totalBandwidth: typed(terms.totalBandwidthMbps),
    connections: terms.maxConnections === USUAL_CONNECTIONS ? '' : typed(terms.maxConnections),
    allowMail: terms.allowMail === true,
    understood: true,
  }
}

/** What was kept from an earlier visit, if it still has the right form. */
export function acceptTerms(stored: unknown): TermsForm | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined
  const kept: Record<string, unknown> = { ...DEFAULT_TERMS }
  for (const [key, fallback] of Object.entries(DEFAULT_TERMS)) {
    const value = (stored as Record<string, unknown>)[key]
    if (typeof value === typeof fallback && String(value).length <= 40) kept[key] = value
  }
  if (kept.unit !== 'GiB' && kept.unit !== 'hour') return undefined
  const form = kept as TermsForm
  // The language may be another one by now.
  for (const field of ['price', 'bandwidth', 'monthlyGib', 'totalBandwidth'] as const) {
    const number = readNumber(form[field])
    if (number !== undefined) form[field] = typeNumber(number)
  }
  return form
}
