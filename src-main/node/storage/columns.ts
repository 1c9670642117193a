import { MystError } from '#shared/errors/myst-error.ts'
import type { IdentityId } from '#shared/model/identity.ts'

import type { Row } from '../ports/store.ts'

/** Typed reads of a row; a value of another kind means the schema and the code disagree, and is never guessed at. */
function wrong(column: string, kind: string): MystError {
  return new MystError('StoreMisused', `Column "${column}" does not hold ${kind}.`)
}

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw wrong(column, 'text')
  return value
}

export function optionalText(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column)
}

export function int(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw wrong(column, 'a number')
  return value
}

export function optionalInt(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : int(row, column)
}

/** Money and serials, kept as decimal TEXT. */
export function big(row: Row, column: string): bigint {
  const value = text(row, column)
  if (!/^-?\d+$/.test(value)) throw wrong(column, 'a decimal number')
  return BigInt(value)
}

export function blob(row: Row, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw wrong(column, 'bytes')
  return value
}

/** `0x` and lower-case hexadecimal digits. */
export function hex(row: Row, column: string): `0x${string}` {
  const value = text(row, column)
  if (!/^0x[0-9a-f]*$/.test(value)) throw wrong(column, 'hexadecimal digits')
  return value as `0x${string}`
}

export function identity(row: Row, column: string): IdentityId {
  const value = hex(row, column)
  if (value.length !== 42) throw wrong(column, 'an identifier')
  return value
}
