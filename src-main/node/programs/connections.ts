import type { IdentityId } from '#shared/model/identity.ts'
import type { MeteringUnit } from '#shared/model/proposal.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import type { Amount } from '#shared/model/units.ts'
import type { Program } from '../storage/program-repository.ts'

/** Instead of the program's own. */
export type Wishes = {
  provider?: IdentityId | undefined
  country?: string | undefined
  maxPricePerUnit?: Amount | undefined
  unit?: MeteringUnit | undefined
}

/** What programs do with one unlocked identity. */
export type ProgramConnections = {
  /** Starts trying; throws `BudgetUsedUp`, `NoProposal`, `AlreadyConnected`. */
  connect(program: Program, wishes: Wishes): void
  disconnect(id: string): Promise<void>
  state(id: string): ConnectionState
  /** By the session that runs, beyond what sessions before have spent. */
  spentNow(id: string): Amount
  onChange(handle: () => void): void
  /** Ends all of them. */
  stop(): Promise<void>
}
