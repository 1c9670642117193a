import { Check, LoaderCircle } from 'lucide-react'
import { CONNECT_STEPS, type ConnectionState } from '#shared/model/session.ts'
import { formatPrice, formatStepTime } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNow } from '../../store/use-now.ts'
import { IdentityLabel } from '../../ui/identity-label.tsx'

/** The five steps as they happen, each with the time it took. */
export function ConnectingSteps({
  connection,
}: {
  connection: Extract<ConnectionState, { name: 'connecting' | 'reconnecting' }>
}) {
  const { proposal, step, steps, startedAtMs } = connection
  const now = useNow()
  // The list stays where it is in a pause between two attempts.
  const paused = connection.name === 'reconnecting' && connection.retryAtMs !== undefined
  const spent = steps.reduce((sum, { durationMs }) => sum + durationMs, 0)
  return (
    <div className="steps card card-pad">
      <h2>{m.steps.title}</h2>
      <p className="steps-who muted">
        <IdentityLabel id={proposal.provider} /> <span>·</span> <span>{m.service[proposal.serviceType]}</span>{' '}
        <span>·</span> <span className="numbers">{formatPrice(proposal.pricePerUnit, proposal.unit)}</span>
      </p>
      <ol className="steps-list">
        {CONNECT_STEPS.map((name) => {
          const record = steps.find((one) => one.step === name)
          const state = record ? 'done' : name === step && !paused ? 'running' : 'waiting'
          return (
            <li key={name} data-state={state} aria-current={state === 'running' ? 'step' : undefined}>
              <span className="steps-mark">
                {state === 'done' && <Check size={15} strokeWidth={2.4} aria-hidden />}
                {state === 'running' && <LoaderCircle className="spin" size={17} aria-hidden />}
              </span>
              <span>
                {m.steps.names[name]}
                <span className="visually-hidden">, {m.steps[state]}</span>
              </span>
              <span className="numbers faint">
                {record && formatStepTime(record.durationMs)}
                {state === 'running' &&
                  formatStepTime(Math.max(0, Math.floor((now - startedAtMs - spent) / 1000) * 1000))}
              </span>
            </li>
          )
        })}
      </ol>
      <p className="faint">{connection.name === 'connecting' ? m.steps.cancelHint : m.steps.disconnectHint}</p>
    </div>
  )
}
