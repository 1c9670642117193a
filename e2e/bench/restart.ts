import { fileURLToPath } from 'node:url'
import type { Lab } from '../lab/lab.ts'

/** Something on the consumer that asks a page again and again, and notes when it answered and as whom it saw us. */
export type Asking = {
  /** When the first answer came, in Unix milliseconds, that was asked for after `sinceMs` and saw that address. */
  answerFrom(address: string, sinceMs: number): Promise<number>
  stop(): Promise<unknown>
}

const ASKER = fileURLToPath(new URL('./asker.ts', import.meta.url))

export async function startAsking(lab: Lab, url: string): Promise<Asking> {
  const asker = lab.start('consumer', process.execPath, [ASKER, url])
  await asker.until('a first answer', (line) => typeof line.answeredAt === 'number')
  return {
    async answerFrom(address, sinceMs) {
      const isIt = (line: { readonly [key: string]: unknown }) =>
        Number(line.askedAt) >= sinceMs && line.seen === address
      return Number((await asker.until('an answer through the tunnel', isIt)).answeredAt)
    },
    stop: () => asker.stop(),
  }
}
