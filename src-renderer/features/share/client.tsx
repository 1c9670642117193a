import { ChevronDown } from 'lucide-react'
import type { ReactNode } from 'react'
import type { RiskView } from '#shared/contract/answers.ts'
import type { ServedSession } from '#shared/model/session.ts'
import type { Amount as BaseUnits } from '#shared/model/units.ts'
import { counted, formatAmount, formatBytes, formatClock, formatDateTime, formatShare } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { Amount } from '../../ui/amount.tsx'
import { IdentityLabel } from '../../ui/identity-label.tsx'

const TONES = {
  covered: 'green',
  'near-limit': 'amber',
  'at-limit': 'amber',
  'not-covered': 'red',
  unknown: 'neutral',
} as const satisfies Record<RiskView['verdict'], string>

/** One who uses this connection or owes for it: the figures that matter, and all that is known when it is opened. */
export function Client({
  id,
  risk,
  session,
  now,
}: {
  id: string
  risk: RiskView | undefined
  session?: ServedSession
  now: number
}) {
  return (
    <li className="client">
      <details>
        <summary>
          <span className="client-who">
            <IdentityLabel id={id} />
            {session && <span className="tag">{m.service.tags[session.serviceType]}</span>}
          </span>
          {session && <SessionLine session={session} now={now} />}
          <span className="client-figures numbers">
            {session && (
              <span className="client-figure">
                <span className="faint">{m.share.leftover}</span> <Amount value={session.leftover} />
              </span>
            )}
            {risk && (
              <span className="client-figure">
                <span className="faint">{m.provider.owes}</span> <Amount value={risk.outstandingHere} />
              </span>
            )}
          </span>
          <span className="client-verdict">
            {risk && <span className={`tag tag-${TONES[risk.verdict]}`}>{m.provider.verdicts[risk.verdict]}</span>}
            <ChevronDown className="client-open" size={16} aria-hidden />
          </span>
        </summary>
        {risk && <Details risk={risk} session={session} />}
      </details>
    </li>
  )
}

function SessionLine({ session, now }: { session: ServedSession; now: number }) {
  const { startedAtMs, metering } = session
  return (
    <span className="client-line faint numbers">
      <span className="visually-hidden">{m.share.since} </span>
      {formatClock(now - startedAtMs)} · <span className="visually-hidden">{m.share.down} </span>↓{' '}
      {formatBytes(metering.bytesDown)} <span className="visually-hidden">{m.share.up} </span>↑{' '}
      {formatBytes(metering.bytesUp)}
    </span>
  )
}

function Details({ risk, session }: { risk: RiskView; session: ServedSession | undefined }) {
  const { verdict, outstandingHere, credit, exposure, isBalanceKnown } = risk
  return (
    <div className="client-details">
      <p>{m.provider.verdictTexts[verdict]}</p>
      <dl>
        <Fact label={m.provider.owesUncleared}>
          <Amount value={outstandingHere} />
          {risk.promises > 0 && <span className="faint"> {m.provider.promises(counted(risk.promises))}</span>}
        </Fact>
        <Fact label={m.provider.credit} hint={m.provider.creditHint}>
          <CreditUsed used={outstandingHere} credit={credit} />
        </Fact>
        <Fact label={m.provider.balance}>
          {isBalanceKnown ? <Amount value={risk.balance} /> : m.provider.balanceUnknown(formatAmount(risk.balance))}
          {risk.withdrawalAnnounced && <span className="client-warning"> {m.provider.leaving}</span>}
        </Fact>
        <Fact label={m.provider.elsewhere} hint={m.provider.elsewhereHint}>
          <Amount value={risk.outstandingElsewhere} />
        </Fact>
        <Fact label={exposure < 0n ? m.provider.missing : m.provider.beyond}>
          <Amount value={exposure < 0n ? -exposure : exposure} />
        </Fact>
        <Fact label={m.provider.clearedBefore}>
          <Amount value={risk.clearedHere} />
        </Fact>
        {session && (
          <Fact label={m.provider.earnedHere}>
            <Amount value={session.metering.cost} />
          </Fact>
        )}
        {outstandingHere > 0n && <Fact label={m.provider.nextClearing}>{clearingText(risk)}</Fact>}
      </dl>
    </div>
  )
}

function Fact({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <div>
      <dt title={hint}>{label}</dt>
      <dd className="numbers">{children}</dd>
    </div>
  )
}

function CreditUsed({ used, credit }: { used: BaseUnits; credit: BaseUnits }) {
  // Thousandths are as exact as a bar can be.
  const thousandths = credit > 0n ? Number((used * 1000n) / credit) : 0
  const share = formatShare(thousandths, 1000)
  return (
    <>
      {m.provider.creditUsed(share, formatAmount(credit))}
      <span className="credit-bar" aria-hidden>
        <span style={{ width: `${Math.min(100, thousandths / 10)}%` }} />
      </span>
    </>
  )
}

function clearingText({ clearing, dueAtMs }: RiskView): string {
  if (clearing === 'waiting' && dueAtMs !== undefined) return m.provider.clearingBy(formatDateTime(dueAtMs))
  return m.provider.clearings[clearing]
}
