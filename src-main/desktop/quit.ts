import type { App } from 'electron'

export type Quit = {
  /** Ends the node and resolves; then the app may end. */
  end(): Promise<void>
}

/**
 * Every way to quit leads through here: asked once when something stops, then the node is ended, then the app. Whoever
 * sends a signal is not there to be asked.
 */
export function openQuit(deps: {
  app: Pick<App, 'on' | 'exit'>
  confirmed(): boolean
  /** Called once. */
  stop(): Promise<void>
  fail(error: unknown): void
}): Quit {
  const { app, confirmed, stop, fail } = deps
  let ending: Promise<void> | undefined
  let isEnded = false
  const end = () => {
    ending ??= stop().then(() => {
      isEnded = true
    })
    return ending
  }
  const quit = () => {
    if (!ending) end().then(() => app.exit(0), fail)
  }
  app.on('before-quit', (event) => {
    // After the end it is the updater that quits, to put the new version in place.
    if (isEnded) return
    event.preventDefault()
    if (!ending && confirmed()) quit()
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, quit)
  return { end }
}
