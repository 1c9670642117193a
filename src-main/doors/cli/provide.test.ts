import { describe, expect, it } from 'vitest'
import { parseCommandLine, UsageError } from './arguments.ts'
import { clearing } from './clearing.ts'
import { createOutput } from './output.ts'
import { provide } from './provide.ts'

const terms = (...words: string[]) => {
  const given = ['--service', 'socks', '--price', '0.1', '--unit', 'GiB', ...words]
  return provide(parseCommandLine(['--home', '/nowhere/at/all', 'provide', ...given]), createOutput(true))
}

describe('what is typed on the command line', () => {
  it.each([
    [['--unit', 'MiB'], '--unit: the unit is GiB or hour'],
    [['--max-sessions', '0'], '--max-sessions: a whole number from 1 to 250 people'],
    [['--max-sessions', '2.5'], '--max-sessions: a whole number from 1 to 250 people'],
    [['--country', 'XX'], '--country: there is no such country; write two letters such as DE'],
    [['--country', 'Germany'], '--country: a country is two capital letters'],
    [['--service', 'pigeon'], '--service: a service is openvpn or socks'],
    [['--bandwidth', '0'], '--bandwidth: from 0.1 to 100,000 Mbit/s'],
    [['--total-bandwidth', '0'], '--total-bandwidth: from 0.1 to 100,000 Mbit/s'],
    [['--connections', '70000'], '--connections: a whole number from 1 to 65,535 connections'],
    [['--hours', '8-25'], '--hours: '],
    [['--monthly', '0'], '--monthly: the monthly volume must be above 0'],
  ])('%j is refused by the name of its option, before a node is opened', async (words, sentence) => {
    const error = await terms(...words).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UsageError)
    expect((error as Error).message).toContain(sentence)
  })

  it.each(['1.5', '-1', '9000', 'never'])('an age of %s hours is none to clear at', async (age) => {
    const line = () => parseCommandLine(['--home', '/nowhere/at/all', 'clearing', `--max-age=${age}`])
    await expect(async () => clearing(line(), createOutput(true))).rejects.toThrow(UsageError)
  })
})
