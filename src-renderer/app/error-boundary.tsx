import { Component, type ReactNode } from 'react'
import { m } from '../messages/index.ts'
import { Button } from '../ui/button.tsx'

/** A fault of this page is said as such: the node goes on without it. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    return (
      <main className="waiting" role="alert">
        <h1>{m.app.crashedTitle}</h1>
        <p className="muted">{m.app.crashedText}</p>
        <Button onClick={() => location.reload()}>{m.app.reload}</Button>
      </main>
    )
  }
}
