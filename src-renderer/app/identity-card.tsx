import { LockKeyhole } from 'lucide-react'
import { m } from '../messages/index.ts'
import { available } from '../store/available.ts'
import { useNode } from '../store/node-context.tsx'
import { readiness } from '../store/readiness.ts'
import { Amount } from '../ui/amount.tsx'
import { IdentityLabel } from '../ui/identity-label.tsx'

/** Who this node is, or what is left to do before it is somebody. */
export function IdentityCard() {
  const active = useNode((state) => state.identity.active)
  const ready = useNode(readiness)
  const unlocking = useNode((state) => state.identity.unlocking)
  const spendable = useNode((state) => available(state.wallet))
  if (ready === 'locked') {
    return (
      <a className="side-card" href="#/unlock">
        <LockKeyhole size={17} aria-hidden />
        <span className="side-card-text">
          <strong>{m.unlock.cardTitle}</strong>
          <span>{unlocking ? m.unlock.unlocking : m.unlock.card}</span>
        </span>
      </a>
    )
  }
  if (ready === 'ready' || ready === 'no-balance') {
    return (
      <a className="side-identity" href="#/wallet">
        {active && <IdentityLabel id={active} />}
        <span className="muted">
          <Amount value={spendable} />
        </span>
      </a>
    )
  }
  const step = ready === 'no-identity' ? 0 : ready === 'not-backed-up' ? 1 : 2
  return (
    <a className="side-card side-card-accent" href="#/setup">
      <span className="side-card-text">
        <strong>{m.setup.cardTitle}</strong>
        <span>{m.setup.cardText(String(step + 1), m.setup.steps[step] ?? '')}</span>
        <span className="side-steps" aria-hidden>
          {m.setup.steps.map((name, index) => (
            <span key={name} data-done={index < step} data-now={index === step} />
          ))}
        </span>
      </span>
    </a>
  )
}
