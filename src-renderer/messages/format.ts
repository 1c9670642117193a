import type { IdentityId } from '#shared/model/identity.ts'
import type { MeteringUnit } from '#shared/model/proposal.ts'
import { type Amount, formatMyst, MYST } from '#shared/model/units.ts'
import { locale, m } from './index.ts'
import type { Counted } from './plural.ts'

/** Keeps a number and its unit on one line. */
const NBSP = '\u00a0'

/** A decimal string goes to Intl as it is: no float between the chain's number and the screen. */
type Decimal = Intl.StringNumericLiteral

let made: ReturnType<typeof formatsIn> | undefined

function formats(): ReturnType<typeof formatsIn> {
  if (made?.locale !== locale) made = formatsIn(locale)
  return made
}

/** Each takes a millisecond or two to make: so when it is first asked for, and then for as long as the language stays. */
function formatsIn(tag: string) {
  const number = (options: Intl.NumberFormatOptions = {}) => lazy(() => new Intl.NumberFormat(tag, options))
  const cut = (digits: number) =>
    number({ minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: 'trunc' })
  return {
    locale: tag,
    exact: number({ maximumFractionDigits: 18, useGrouping: false }),
    large: number({ maximumFractionDigits: 2, roundingMode: 'trunc' }),
    medium: number({ maximumFractionDigits: 4, roundingMode: 'trunc' }),
    small: number({
      maximumSignificantDigits: 3,
      maximumFractionDigits: 6,
      roundingPriority: 'lessPrecision',
      roundingMode: 'trunc',
    }),
    costs: {
      large: number({ maximumFractionDigits: 2, roundingMode: 'ceil' }),
      medium: number({ maximumFractionDigits: 4, roundingMode: 'ceil' }),
      small: number({
        maximumSignificantDigits: 3,
        maximumFractionDigits: 6,
        roundingPriority: 'lessPrecision',
        roundingMode: 'ceil',
      }),
    },
    cut: [cut(0), cut(1), cut(2)] as const,
    whole: number({ maximumFractionDigits: 0 }),
    oneDigit: number({ maximumFractionDigits: 1 }),
    thousandths: number({ maximumFractionDigits: 3 }),
    tenths: number({ minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    percent: number({ style: 'percent', maximumFractionDigits: 2 }),
    share: number({ style: 'percent', maximumFractionDigits: 0, roundingMode: 'floor' }),
    words: {
      second: number({ style: 'unit', unit: 'second', unitDisplay: 'long' }),
      minute: number({ style: 'unit', unit: 'minute', unitDisplay: 'long' }),
      hour: number({ style: 'unit', unit: 'hour', unitDisplay: 'long' }),
      day: number({ style: 'unit', unit: 'day', unitDisplay: 'long' }),
    },
    list: lazy(() => new Intl.ListFormat(tag)),
    plural: lazy(() => new Intl.PluralRules(tag)),
    day: lazy(() => new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'long' })),
    time: lazy(() => new Intl.DateTimeFormat(tag, { timeStyle: 'short' })),
    dateTime: lazy(() => new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short' })),
  }
}

function lazy<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => {
    made ??= make()
    return made
  }
}

type Decimals = Pick<ReturnType<typeof formatsIn>, 'large' | 'medium' | 'small'>

const SMALLEST_SHOWN = MYST / 1_000_000n

/** `1250000000000000000n` → "1.25 MYST". Cut, never rounded up: nobody should see more than there is. */
export function formatAmount(amount: Amount): string {
  return `${decimal(amount)}${NBSP}MYST`
}

/** What was or will be taken. Rounded up: nothing should look cheaper than it is. */
export function formatCost(amount: Amount): string {
  return `${decimal(amount, formats().costs)}${NBSP}MYST`
}

/** The same without its unit, where that follows with another amount: "0.4 of 2 MYST". */
export function formatMystBare(amount: Amount): string {
  return decimal(amount)
}

/** Gas: wei shown as ether. */
export function formatEther(wei: bigint): string {
  return `${decimal(wei)}${NBSP}ETH`
}

/** Every digit, for a title or a form. */
export function exactAmount(amount: Amount): string {
  return `${formats()
    .exact()
    .format(formatMyst(amount) as Decimal)}${NBSP}MYST`
}

export function formatPrice(price: Amount, unit: MeteringUnit): string {
  return price === 0n ? m.connect.free : `${formatAmount(price)} ${formatPerUnit(unit)}`
}

export function formatPerUnit(unit: MeteringUnit): string {
  return m.connect.perUnit[unit]
}

function decimal(amount: bigint, { large, medium, small }: Decimals = formats()): string {
  const abs = amount < 0n ? -amount : amount
  if (amount === 0n) return '0'
  if (abs < SMALLEST_SHOWN) return `${amount < 0n ? '−' : ''}<${NBSP}${small().format(0.000001)}`
  const format = abs >= 1000n * MYST ? large : abs >= MYST ? medium : small
  return format().format(formatMyst(amount) as Decimal)
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/**
 * Binary units, because prices are per GiB. Three digits, from 1,000 on in the next unit: what two people
 * counted, "0.98 GiB" and "1.02 GiB", can then be compared.
 */
export function formatBytes(bytes: bigint): string {
  let unit = 0
  let divisor = 1n
  while (unit < BYTE_UNITS.length - 1 && bytes / divisor >= 1000n) {
    unit += 1
    divisor *= 1024n
  }
  if (unit === 0) return `${formats().whole().format(bytes)}${NBSP}B`
  const hundredths = (bytes * 100n) / divisor
  const digits = hundredths >= 10_000n ? 0 : hundredths >= 1000n ? 1 : 2
  const decimal = `${hundredths / 100n}.${(hundredths % 100n).toString().padStart(2, '0')}`
  return `${formats()
    .cut[digits]()
    .format(decimal as Decimal)}${NBSP}${BYTE_UNITS[unit]}`
}

/** Bits per second, as bandwidth is sold. */
export function formatRate(bitsPerSecond: number): string {
  return rate(bitsPerSecond, formats().tenths())
}

/** A limit as it was typed: "0.15 GiB", and not what that is in smaller units. */
export function formatGib(bytes: bigint): string {
  return `${formats()
    .thousandths()
    .format(Number(bytes) / 2 ** 30)}${NBSP}GiB`
}

export function formatBandwidth(mbps: number): string {
  return rate(mbps * 1e6, formats().oneDigit())
}

/** Beside an axis: "0", "50 kbit/s", "200 Mbit/s". */
export function formatRateTick(bitsPerSecond: number): string {
  return bitsPerSecond === 0 ? '0' : rate(bitsPerSecond, formats().oneDigit())
}

function rate(bitsPerSecond: number, format: Intl.NumberFormat): string {
  if (bitsPerSecond >= 1e9) return `${format.format(bitsPerSecond / 1e9)}${NBSP}Gbit/s`
  if (bitsPerSecond >= 1e6) return `${format.format(bitsPerSecond / 1e6)}${NBSP}Mbit/s`
  return `${formats()
    .whole()
    .format(bitsPerSecond / 1e3)}${NBSP}kbit/s`
}

/** A running clock: "0:07", "12:03", "1:02:33". */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const minutes = Math.floor(seconds / 60) % 60
  const hours = Math.floor(seconds / 3600)
  const ss = String(seconds % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${ss}` : `${minutes}:${ss}`
}

/** One unit in words: "45 seconds", "12 minutes", "3 hours", "2 days". */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return inWords(seconds, 'second')
  if (seconds < 60 * 90) return inWords(Math.round(seconds / 60), 'minute')
  if (seconds < 3600 * 36) return inWords(Math.round(seconds / 3600), 'hour')
  return inWords(Math.round(seconds / 86_400), 'day')
}

/** How long a step took: "0.4 s", "12 s". */
export function formatStepTime(ms: number): string {
  const { tenths, whole } = formats()
  return `${(ms < 10_000 ? tenths : whole)().format(ms / 1000)}${NBSP}s`
}

function inWords(count: number, unit: 'second' | 'minute' | 'hour' | 'day'): string {
  return formats().words[unit]().format(count)
}

/** A count for a sentence: where a word beside it changes with it. */
export function counted(count: number): Counted {
  return { text: formatCount(count), form: formats().plural().select(count) }
}

export function formatCount(count: number): string {
  return formats().whole().format(count)
}

export function formatBps(basisPoints: number): string {
  return formats()
    .percent()
    .format(basisPoints / 10_000)
}

/** Whole percents; all of them only when it is all. */
export function formatShare(part: number, all: number): string {
  return formats().share().format(shareOf(part, all))
}

/** From 0 to 1. */
export function shareOf(part: number, all: number): number {
  return all > 0 ? Math.min(1, Math.max(0, part / all)) : 0
}

export function formatDay(atMs: number): string {
  return formats().day().format(atMs)
}

export function formatTime(atMs: number): string {
  return formats().time().format(atMs)
}

export function formatDateTime(atMs: number): string {
  return formats().dateTime().format(atMs)
}

export function formatList(items: readonly string[]): string {
  return formats().list().format(items)
}

/** What stands between a whole number and its decimals. */
export function decimalSign(): string {
  return (
    formats()
      .tenths()
      .formatToParts(0.5)
      .find(({ type }) => type === 'decimal')?.value ?? '.'
  )
}

/** First and last digits of an identifier: enough to tell two apart, short enough to read out. */
export function shortId(id: IdentityId | string): string {
  return id.length > 12 ? `${id.slice(0, 6)}…${id.slice(-4)}` : id
}
