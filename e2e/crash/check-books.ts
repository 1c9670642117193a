import type { Books } from './books.ts'
import { TERMS, type Told } from './terms.ts'

/** What was seen of every promise so far, in the books and in what the nodes told, over all their lives. */
export type Memory = {
  hear(told: Told): void
  /** Everything that does not agree, as one sentence each. */
  problems(books: Books, deposited: bigint): string[]
  /** How often a promise was accepted, new or updated. */
  readonly accepted: number
}

type Seen = { amount: bigint; accepted: bigint; held: bigint; cleared?: bigint }

const sum = (amounts: readonly { amount: bigint }[]) => amounts.reduce((total, { amount }) => total + amount, 0n)
const most = (a: bigint, b: bigint) => (a > b ? a : b)

export function createMemory(): Memory {
  const memory = new Map<bigint, Seen>()
  const accusations: string[] = []
  let accepted = 0
  const of = (serial: bigint): Seen => {
    const known = memory.get(serial) ?? { amount: 0n, accepted: 0n, held: 0n }
    memory.set(serial, known)
    return known
  }

  return {
    get accepted() {
      return accepted
    },
    hear(told) {
      if (told.event === 'accused') accusations.push(`an honest benefiter stands accused: ${told.kind}`)
      if (told.event !== 'given' && told.event !== 'received') return
      const seen = of(BigInt(told.serial))
      const amount = BigInt(told.amount)
      if (told.event === 'given') {
        seen.amount = most(seen.amount, amount)
        seen.accepted = most(seen.accepted, BigInt(told.accepted))
      } else if (amount > seen.held) {
        seen.held = amount
        accepted += 1
      }
    },
    problems(books, deposited) {
      const { given, received, cleared, before, atRisk, leftover } = books
      const problems = [...accusations]
      const expect = (holds: boolean, sentence: string) => {
        if (!holds) problems.push(sentence)
      }
      const issued = new Map(given.map((promise) => [promise.serial, promise]))
      const held = new Map(received.map((promise) => [promise.serial, promise]))
      const paid = new Map(cleared.map((event) => [event.serial, event]))
      expect(paid.size === cleared.length, 'the contract cleared a serial twice')

      for (const { serial, accepted } of given) {
        const there = held.get(serial)?.amount ?? 0n
        expect(accepted <= there, `${serial}: accepted was ${accepted}, the benefiter holds ${there}`)
      }
      for (const { serial, amount, state } of received) {
        const ours = issued.get(serial)
        const onChain = paid.get(serial)
        expect(ours !== undefined && ours.amount >= amount, `${serial}: held ${amount}, issued ${ours?.amount}`)
        expect(state !== 'cleared' || onChain !== undefined, `${serial}: counts as cleared and is not`)
      }
      for (const { serial, amount } of cleared) {
        const there = held.get(serial)
        expect(there?.amount === amount, `${serial}: cleared at ${amount}, held ${there?.amount}`)
        expect(there?.stopped === true, `${serial}: cleared, and may still be updated`)
      }
      for (const { serial, amount, cleared: isCleared } of given) {
        // One that never arrived was left out by a higher serial.
        const moved = paid.get(serial)?.amount ?? 0n
        expect(!isCleared || moved === amount, `${serial}: written down as cleared at ${amount}, was ${moved}`)
      }

      for (const [serial, seen] of memory) {
        const ours = issued.get(serial)
        const there = held.get(serial)?.amount ?? 0n
        const isCleared = ours?.cleared === true
        expect(ours !== undefined, `${serial}: told as written by the issuer, and not in its book`)
        expect(there >= seen.held, `${serial}: told as received at ${seen.held}, in the book ${there}`)
        expect(there >= seen.accepted, `${serial}: told as accepted at ${seen.accepted}, held ${there}`)
        expect(
          isCleared || (ours?.amount ?? 0n) >= seen.amount,
          `${serial}: shrank from ${seen.amount} to ${ours?.amount} without having been cleared`,
        )
        if (seen.cleared !== undefined) {
          expect(ours?.amount === seen.cleared, `${serial}: used again after it was cleared`)
        }
        if (isCleared) seen.cleared = ours.amount
      }
      for (const { serial, amount } of given) of(serial).amount = most(of(serial).amount, amount)
      for (const { serial, amount } of received) of(serial).held = most(of(serial).held, amount)

      // Of each promise that may still grow at most one increment is on its way.
      let onTheWay = 0n
      for (const { serial, amount } of given) {
        const ahead = amount - (held.get(serial)?.amount ?? 0n)
        expect(ahead <= TERMS.target, `${serial}: ${ahead} ahead of the benefiter, more than one increment`)
        onTheWay += ahead
      }
      const unmetered = atRisk - leftover - onTheWay
      expect(
        unmetered >= 0n && unmetered <= TERMS.cost,
        `the issuer reckons ${atRisk} left, the benefiter ${leftover}, on the way are ${onTheWay}: ${unmetered} is not one metering`,
      )
      expect(atRisk <= TERMS.maxAtRisk, `${atRisk} is at risk`)

      const { balances, blockNumber } = before
      const moved = cleared.filter((event) => event.blockNumber <= blockNumber)
      const fees = moved.reduce((total, { fee }) => total + fee, 0n)
      expect(balances.issuer === deposited - sum(moved), `the issuer's balance is ${balances.issuer}`)
      expect(balances.benefiter === sum(moved) - fees, `the benefiter's balance is ${balances.benefiter}`)
      return problems
    },
  }
}
