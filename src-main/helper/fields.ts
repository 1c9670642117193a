import { isIP, SocketAddress } from 'node:net'

import { Failure } from './failure.ts'

/** Readers of single fields of a frame. Everything throws `BadRequest`; nothing is converted silently. */
export type Fields = Readonly<Record<string, unknown>>

export function bad(what: string): Failure {
  return new Failure('BadRequest', `The helper refused a request: ${what} is not what it has to be.`)
}

export function readFields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(what)
  return value as Fields
}

export function readText(fields: Fields, key: string, maxLength: number): string {
  const value = fields[key]
  if (typeof value !== 'string' || value.length === 0 || value.length > maxLength) throw bad(key)
  return value
}

export function readInteger(fields: Fields, key: string, min: number, max: number): number {
  const value = fields[key]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) throw bad(key)
  return value
}

export function readBoolean(fields: Fields, key: string): boolean {
  const value = fields[key]
  if (typeof value !== 'boolean') throw bad(key)
  return value
}

export function readList(fields: Fields, key: string, min: number, max: number): readonly unknown[] {
  const value = fields[key]
  if (!Array.isArray(value) || value.length < min || value.length > max) throw bad(key)
  return value
}

export function readAddress(value: unknown, what: string): string {
  const address = typeof value === 'string' ? plainAddress(value) : undefined
  if (address === undefined) throw bad(what)
  return address
}

/**
 * An IP address and nothing around it: no name, no zone ("fe80::1%eth0" names an interface); undefined for anything
 * else. IPv6 has many notations for one address; it comes back in the usual one, which the kernel's programs print too.
 */
export function plainAddress(text: string): string | undefined {
  if (text.length > 45 || text.includes('%')) return undefined
  if (isIP(text) === 4) return text
  return isIP(text) === 6 ? new SocketAddress({ address: text, family: 'ipv6' }).address : undefined
}

export function readProtocol(fields: Fields): 'udp' | 'tcp' {
  const value = fields.protocol
  if (value !== 'udp' && value !== 'tcp') throw bad('protocol')
  return value
}

/** What stands in a client certificate as its name: a session's id. */
export function readCommonName(fields: Fields): string {
  const value = readText(fields, 'commonName', 64)
  if (!COMMON_NAME.test(value)) throw bad('commonName')
  return value
}

export const COMMON_NAME = /^[A-Za-z0-9_-]{1,64}$/
