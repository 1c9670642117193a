import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type CommandParsed, commands } from '#shared/contract/commands.ts'
import { decode, encode } from '#shared/contract/wire.ts'
import { toWire } from '#shared/errors/myst-error.ts'
import { identityId } from '#shared/model/identity.ts'
import type { Logger } from './lib/logger.ts'
import { writePrivateFile } from './lib/private-file.ts'
import { onceReady } from './once-ready.ts'
import type { StateTree } from './state-tree.ts'

type Terms = CommandParsed<'share.start'>

/**
 * On what terms was shared last, by whom, and whether a person stopped it: in `sharing.json` of the home, for whoever
 * wants to go on after the program ended. A file that cannot be read counts as none.
 */
export type SharedLast = {
  /** Puts what the program's end stopped into `state.share.interrupted`, as far as it is the present identity's. */
  show(): void
  started(terms: Terms): Promise<void>
  /** By a person, so it is over. */
  stopped(): Promise<void>
  /** Shares again after the start what the program's end stopped; returns what gives it up. */
  again(share: (terms: Terms) => Promise<unknown>, show: (problem: string | undefined) => void): () => void
}

const kept = z.object({ provider: identityId, isOn: z.boolean(), terms: commands['share.start'].input })
type Kept = z.output<typeof kept>

export function openSharedLast(home: string, { state, log }: { state: StateTree; log: Logger }): SharedLast {
  const path = join(home, 'sharing.json')
  let last = read()

  function read(): Kept | undefined {
    try {
      return kept.parse(decode(readFileSync(path, 'utf8')))
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isMissing) log.warn(`what was shared last cannot be read: ${path}`)
      return undefined
    }
  }

  const isOwn = () => {
    const { active } = state.get().identity
    return active === undefined || active === last?.provider
  }
  function show(): void {
    const { interrupted: before, ...share } = state.get().share
    const interrupted = last?.isOn && share.state === 'off' && isOwn() ? last.terms : undefined
    if (before !== interrupted) state.set({ share: { ...share, ...(interrupted && { interrupted }) } })
  }
  /** What runs goes on also where nothing can be written. */
  async function keep(next: Kept): Promise<void> {
    last = next
    show()
    await writePrivateFile(path, `${encode(next)}\n`).catch((error: unknown) =>
      log.warn(`what is shared could not be written down: ${toWire(error).message}`),
    )
  }

  return {
    show,
    async started(terms) {
      const { active: provider } = state.get().identity
      if (provider) await keep({ provider, isOn: true, terms })
    },
    async stopped() {
      if (last?.isOn && isOwn()) await keep({ ...last, isOn: false })
    },
    again(share, tell) {
      const wanted = last
      if (!wanted?.isOn) return () => {}
      return onceReady({
        ...{ state, what: 'Sharing', show: tell },
        async act() {
          if (!isOwn()) tell('Another identity shared last; start sharing with this one yourself.')
          else if (state.get().share.state === 'off') await share(wanted.terms)
        },
      })
    },
  }
}
