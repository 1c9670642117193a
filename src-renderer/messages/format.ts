import type { IdentityId } from '#shared/model/identity.ts'
import type { MeteringUnit } from '#shared/model/proposal.ts'
import { type Amount, formatMyst, MYST } from '#shared/model/units.ts'
import { m } from './index.ts'

/** Words and numbers come from the same language, so this goes with the catalogue in `en.ts`. */
export const LOCALE = 'en'
/** Keeps a number and its unit on one line. */
const NBSP = '\u00a0'

/** A decimal string goes to Intl as it is: no float between the chain's number and the screen. */
type Decimal = Intl.StringNumericLiteral

const large = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 2, roundingMode: 'trunc' })
const medium = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 4, roundingMode: 'trunc' })
const small = new Intl.NumberFormat(LOCALE, {
  maximumSignificantDigits: 3,
  maximumFractionDigits: 6,
  roundingPriority: 'lessPrecision',
  roundingMode: 'trunc',
})
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })
const compact = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 0 })
const oneDigit = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 2 })
const day = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'long' })
const dateTime = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short', hour12: false })
const SMALLEST_SHOWN = MYST / 1_000_000n

/** `1250000000000000000n` → "1.25 MYST". Cut, never rounded up: nobody should see more than there is. */
export function formatAmount(amount: Amount): string {
  return `${decimal(amount)}${NBSP}MYST`
}

/** Gas: wei shown as ether. */
export function formatEther(wei: bigint): string {
  return `${decimal(wei)}${NBSP}ETH`
}

/** Every digit, for a title or a form. */
export function exactAmount(amount: Amount): string {
  return `${formatMyst(amount)}${NBSP}MYST`
}

export function formatPrice(price: Amount, unit: MeteringUnit): string {
  return price === 0n ? m.connect.free : `${formatAmount(price)} ${formatPerUnit(unit)}`
}

export function formatPerUnit(unit: MeteringUnit): string {
  return `${m.connect.per}${NBSP}${unit}`
}

function decimal(amount: bigint): string {
  const abs = amount < 0n ? -amount : amount
  if (amount === 0n) return '0'
  if (abs < SMALLEST_SHOWN) return `${amount < 0n ? '−' : ''}<${NBSP}0.000001`
  const format = abs >= 1000n * MYST ? large : abs >= MYST ? medium : small
  return format.format(formatMyst(amount) as Decimal)
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
  if (unit === 0) return `${bytes}${NBSP}B`
  const hundredths = (bytes * 100n) / divisor
  const digits = hundredths >= 10_000n ? 0 : hundredths >= 1000n ? 1 : 2
  return `${cut(hundredths, digits)}${NBSP}${BYTE_UNITS[unit]}`
}

/** Hundredths with so many decimals, cut and not rounded. */
function cut(hundredths: bigint, digits: 0 | 1 | 2): string {
  const before = whole.format(hundredths / 100n)
  return digits === 0 ? before : `${before}.${(hundredths % 100n).toString().padStart(2, '0').slice(0, digits)}`
}

/** Bits per second, as bandwidth is sold. */
export function formatRate(bitsPerSecond: number): string {
  if (bitsPerSecond >= 1e9) return `${(bitsPerSecond / 1e9).toFixed(1)}${NBSP}Gbit/s`
  if (bitsPerSecond >= 1e6) return `${(bitsPerSecond / 1e6).toFixed(1)}${NBSP}Mbit/s`
  return `${whole.format(bitsPerSecond / 1e3)}${NBSP}kbit/s`
}

export function formatBandwidth(mbps: number): string {
  return mbps >= 1000 ? `${oneDigit.format(mbps / 1000)}${NBSP}Gbit/s` : `${oneDigit.format(mbps)}${NBSP}Mbit/s`
}

/** Beside an axis: "0", "50 kbit/s", "200 Mbit/s". */
export function formatRateTick(bitsPerSecond: number): string {
  if (bitsPerSecond === 0) return '0'
  return formatRate(bitsPerSecond).replace(/\.0(?!\d)/, '')
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
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)}${NBSP}s` : `${whole.format(ms / 1000)}${NBSP}s`
}

function inWords(count: number, unit: 'second' | 'minute' | 'hour' | 'day'): string {
  return new Intl.NumberFormat(LOCALE, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
}

/** "12,345" as "12K": where the exact number is of no use. */
export function formatAbout(count: number): string {
  return count < 10_000 ? whole.format(count) : compact.format(count)
}

export function formatCount(count: number): string {
  return whole.format(count)
}

export function formatBps(basisPoints: number): string {
  return percent.format(basisPoints / 10_000)
}

export function formatShare(part: number, all: number): string {
  const share = all > 0 ? Math.min(1, Math.max(0, part / all)) : 0
  return `${Math.floor(share * 100)}${NBSP}%`
}

export function formatDay(atMs: number): string {
  return day.format(atMs)
}

export function formatDateTime(atMs: number): string {
  return dateTime.format(atMs)
}

/** First and last digits of an identifier: enough to tell two apart, short enough to read out. */
export function shortId(id: IdentityId | string): string {
  return id.length > 12 ? `${id.slice(0, 6)}…${id.slice(-4)}` : id
}
