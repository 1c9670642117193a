import { counted } from '../messages/format.ts'
import { m } from '../messages/index.ts'
import { useLostAt, useNode } from '../store/node-context.tsx'

/** Beside a state that is the person's own: programs have connections too, and pay for them. */
export function ProgramsLine() {
  const count = useNode(({ programs }) => programs.filter(({ connection }) => connection.name === 'connected').length)
  const isLost = useLostAt() !== undefined
  if (count === 0 || isLost) return null
  return (
    <a className="side-programs" href="#/settings">
      <span className="dot" data-tone="accent" aria-hidden />
      <span>{m.programs.connectedCount(counted(count))}</span>
    </a>
  )
}
