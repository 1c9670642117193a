import { z } from 'zod'
import { type Address, type AddressProblem, readAddress } from '../model/address.ts'

const PROBLEMS: Record<AddressProblem, string> = {
  malformed: 'an Ethereum address is 0x followed by 40 hexadecimal digits',
  zero: 'the zero address belongs to nobody; what is sent there is lost',
  checksum: 'the checksum of this address is wrong, so a letter of it is; copy it again',
}

export const ethereumAddress = z
  .string()
  .max(100)
  .transform((text, context): Address => {
    const read = readAddress(text)
    if ('address' in read) return read.address
    context.addIssue(PROBLEMS[read.problem])
    return z.NEVER
  })
