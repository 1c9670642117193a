import type { MisconductKind } from '#shared/model/misconduct.ts'
import type { SessionEnd } from '#shared/model/session-end.ts'

/** Why a session is over, as far as anybody has said; `misconduct` when the provider is to blame for it. */
export type Ending = { end: SessionEnd; message: string; misconduct?: MisconductKind }

/** What a provider may say of why it ends a session; everything else counts as "the provider closed it". */
export const PROVIDER_ENDS: Partial<Record<SessionEnd, string>> & Record<'provider-closed', string> = {
  'provider-closed': 'The provider closed the session.',
  'leftover-exhausted': 'What was paid ahead ran out.',
  'outside-hours': 'The hours of the day at which the provider serves are over.',
  'volume-used-up': 'The provider has carried as much as it allows for this month.',
  'tunnel-failed': 'The provider lost the tunnel.',
}
