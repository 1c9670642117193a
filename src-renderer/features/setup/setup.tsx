import './setup.css'
import { Check } from 'lucide-react'
import { useEffect, useState } from 'react'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { readiness } from '../../store/readiness.ts'
import { navigate, redirect } from '../../store/route.ts'
import { Brand } from '../../ui/brand.tsx'
import { Button } from '../../ui/button.tsx'
import { BackupStep } from './backup-step.tsx'
import { DoneStep } from './done-step.tsx'
import { FundStep } from './fund-step.tsx'
import { IdentityStep } from './identity-step.tsx'

/** First run: three steps, and a way to look around before any of them. The node's state says which is next. */
export function Setup() {
  const ready = useNode(readiness)
  // Registering and depositing are two moments for the node but one button here: it says when it is over.
  const [funding, setFunding] = useState(false)
  const step = ready === 'no-identity' ? 0 : ready === 'not-backed-up' ? 1 : 2
  const done = ready === 'ready' && !funding
  useEffect(() => {
    if (ready === 'locked') redirect('unlock')
  }, [ready])
  if (ready === 'locked') return null
  return (
    <div className="setup">
      <header className="setup-head">
        <Brand />
        <strong>{m.app.name}</strong>
        {!done && (
          <Button kind="quiet" size="small" onClick={() => navigate('connect')}>
            {step === 0 ? m.setup.lookAround : m.setup.later}
          </Button>
        )}
      </header>
      <main className="setup-main">
        <div className="setup-column">
          <Steps current={done ? 3 : step} />
          {done ? (
            <DoneStep />
          ) : step === 0 ? (
            <IdentityStep />
          ) : step === 1 ? (
            <BackupStep />
          ) : (
            <FundStep onBusy={setFunding} />
          )}
        </div>
      </main>
    </div>
  )
}

function Steps({ current }: { current: number }) {
  return (
    <ol className="setup-steps" aria-label={m.setup.stepOf(String(Math.min(3, current + 1)))}>
      {m.setup.steps.map((name, index) => (
        <li key={name} aria-current={index === current ? 'step' : undefined} data-done={index < current}>
          <span className="setup-bullet">
            {index < current ? <Check size={13} aria-label={m.setup.taskDone} /> : index + 1}
          </span>
          {name}
        </li>
      ))}
    </ol>
  )
}
