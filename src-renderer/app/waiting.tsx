import { LoaderCircle } from 'lucide-react'
import { m } from '../messages/index.ts'
import { Brand } from '../ui/brand.tsx'
import { LostHelp } from './lost-banner.tsx'

/** Before the first snapshot: what is being waited for, or why this page may not come in. */
export function Waiting({ lost, signedOut }: { lost?: boolean; signedOut?: boolean }) {
  return (
    <main className="waiting">
      <Brand size={44} />
      {signedOut ? (
        <>
          <h1>{m.app.signedOutTitle}</h1>
          <p className="muted">{m.app.signedOutText}</p>
          <p className="muted">{m.app.signedOutThere}</p>
          <p className="muted">
            {m.app.signedOutAgain} <code>npx myst app address</code>
          </p>
          <p className="muted">
            {m.app.signedOutDemo} <code>npm start</code>
          </p>
          <p className="faint">{m.app.signedOutHint}</p>
        </>
      ) : (
        <p className="waiting-line" role="status">
          <LoaderCircle className="spin" size={16} aria-hidden />
          <span>{lost ? m.app.lost : m.app.loading}</span>
        </p>
      )}
      {!signedOut && <p className="faint">{lost ? <LostHelp /> : m.app.loadingHint}</p>}
    </main>
  )
}
