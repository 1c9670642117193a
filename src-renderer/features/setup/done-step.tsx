import { CircleCheck } from 'lucide-react'
import { m } from '../../messages/index.ts'
import { navigate } from '../../store/route.ts'
import { Button } from '../../ui/button.tsx'

export function DoneStep() {
  return (
    <section className="setup-step setup-done">
      <CircleCheck size={44} strokeWidth={1.6} aria-hidden />
      <h1>{m.setup.doneTitle}</h1>
      <p className="muted">{m.setup.doneText}</p>
      <Button kind="primary" size="large" wide onClick={() => navigate('connect')}>
        {m.setup.start}
      </Button>
    </section>
  )
}
