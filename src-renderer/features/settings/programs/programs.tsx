import { AppWindow, Plus } from 'lucide-react'
import { useState } from 'react'
import { m } from '../../../messages/index.ts'
import { useNode } from '../../../store/node-context.tsx'
import { Button } from '../../../ui/button.tsx'
import { Api } from './api.tsx'
import { Program } from './program.tsx'
import { TermsDialog } from './terms-dialog.tsx'
import './programs.css'

/** Browsers and tools with a connection of their own. Each is read by its own row: figures move there alone. */
export function Programs() {
  const ids = useNode(({ programs }) => programs.map(({ id }) => id).join(' '))
  const [adding, setAdding] = useState(false)
  const isEmpty = ids === ''
  const add = (
    <Button {...(isEmpty && { kind: 'primary' })} icon={<Plus size={15} aria-hidden />} onClick={() => setAdding(true)}>
      {m.programs.add}
    </Button>
  )
  return (
    <section className="section">
      <div className="programs-head">
        <div>
          <h2>{m.programs.title}</h2>
          <p className="muted">{m.programs.text}</p>
        </div>
        {!isEmpty && add}
      </div>
      {isEmpty ? (
        <div className="card empty">
          <AppWindow size={26} aria-hidden />
          <strong>{m.programs.noneTitle}</strong>
          <p>{m.programs.none}</p>
          {add}
        </div>
      ) : (
        <ul className="programs">
          {ids.split(' ').map((id) => (
            <Program key={id} id={id} />
          ))}
        </ul>
      )}
      <ul className="card settings-list">
        <Api />
      </ul>
      <TermsDialog open={adding} onClose={() => setAdding(false)} />
    </section>
  )
}
