import { describe, expect, it } from 'vitest'
import { parseCommandLine, UsageError } from './arguments.ts'
import { createOutput } from './output.ts'
import { wallet } from './wallet.ts'

const run = async (...words: string[]) =>
  wallet(parseCommandLine(['--home', '/nowhere/at/all', 'wallet', ...words]), createOutput(true))

describe('the wallet on the command line', () => {
  it.each([
    [['deposit', '-5'], /-5 is below zero/],
    [['deposit', '0'], /must be above 0 MYST/],
    [['deposit', '1.0000000000000000001'], /"1.0000000000000000001" is not an amount of MYST/],
    [['deposit', 'ten'], /"ten" is not an amount of MYST/],
    [['deposit', `${2n ** 128n}`], /is not an amount|more MYST than there can be/],
    [['deposit', '999999999999999999999'], /more MYST than there can be/],
    [['deposit'], /AMOUNT is missing/],
    [['withdraw', '1'], /--to/],
    [['withdraw', '1', '--to', '0x12'], /40 hexadecimal digits/],
    [['withdraw', '1', '--to', `0x${'0'.repeat(40)}`], /zero address/],
    [['withdraw', '1', '--to', '0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed'], /checksum/],
    [['history', '--limit', '0'], /limit/],
    [['quote', 'everything'], /what/],
    [['quote', 'announce', '3'], /SERVICES is how many are announced, 1 or 2/],
    [['quote', 'announce', 'both'], /SERVICES is how many/],
  ])('refuses %j in one sentence, before a node is opened', async (words, sentence) => {
    const error = await run(...words).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).toMatch(sentence)
    expect(String(error)).not.toContain('\n')
  })
})
