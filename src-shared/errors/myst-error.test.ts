import { describe, expect, it } from 'vitest'
import { fromWire, MystError, redact, toWire } from './myst-error.ts'

const KEY = 'ab'.repeat(32)

describe('an error at a door', () => {
  it('crosses whole, without its stack', () => {
    const error = new MystError('PortInUse', 'Port 80 is in use.', { details: { port: 80 }, cause: new Error('x') })
    const wire = toWire(error)
    expect(wire).toEqual({ name: 'PortInUse', message: 'Port 80 is in use.', details: { port: 80 } })
    expect(fromWire(wire)).toMatchObject({ name: 'PortInUse', message: 'Port 80 is in use.', details: { port: 80 } })
    expect(toWire(new TypeError('x is not a function'))).toEqual({
      name: 'InternalError',
      message: 'x is not a function',
      details: {},
    })
  })

  it('loses keys, credentials and private key blocks on the way', () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${KEY}\n-----END PRIVATE KEY-----`
    const wire = toWire(
      new MystError('X', `http://me:secret@host failed with 0x${KEY}`, { details: { key: KEY, pem } }),
    )
    const text = JSON.stringify(wire)
    expect(text).not.toContain(KEY)
    expect(text).not.toContain('secret')
    expect(text).not.toContain('PRIVATE')
    const programKey = `myst_${'aB-_9'.repeat(9)}`.slice(0, 48)
    expect(redact(`no program has ${programKey}`)).toBe('no program has [redacted]')
    expect(redact('an address 0x00000000000000000000000000000000000000aa stays')).toContain('00aa')
  })
})
