import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** An Ethereum address, lower case everywhere inside. */
export type Address = `0x${string}`

const ZERO = `0x${'0'.repeat(40)}`

export type AddressProblem = 'malformed' | 'zero' | 'checksum'

/**
 * An Ethereum address from outside. One in mixed case carries a checksum (EIP-55), which must be right: it is
 * what finds a wrong letter before money is sent there. All lower or all upper case carries none.
 */
export function readAddress(text: string): { address: Address } | { problem: AddressProblem } {
  const digits = text.trim()
  if (!/^0x[0-9a-fA-F]{40}$/.test(digits)) return { problem: 'malformed' }
  const address = digits.toLowerCase() as Address
  if (address === ZERO) return { problem: 'zero' }
  const isMixed = /[a-f]/.test(digits.slice(2)) && /[A-F]/.test(digits)
  return isMixed && checksummed(address) !== digits ? { problem: 'checksum' } : { address }
}

/** How addresses are written for people (EIP-55): a digit's case tells four bits of the hash of all of them. */
function checksummed(lower: Address): string {
  const digits = lower.slice(2)
  const hash = bytesToHex(keccak_256(utf8ToBytes(digits)))
  const cased = [...digits].map((digit, index) =>
    Number.parseInt(hash.charAt(index), 16) >= 8 ? digit.toUpperCase() : digit,
  )
  return `0x${cased.join('')}`
}
