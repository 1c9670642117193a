import { openBridge } from '../bridge/open-bridge.ts'
import { createMirror, type MirrorStore } from '../store/mirror.ts'
import type { NodeParts } from '../store/node-context.tsx'
import { createTrafficHistory } from '../store/traffic-history.ts'

/** What is known within this is shown at once: a page that says for a moment that it waits would only flicker. */
const PATIENCE_MS = 300

// Signing in and the first state come while the browser still reads what shows them. Nothing is awaited at the top: what
// shows them imports from this script.
void Promise.all([import('./app.tsx'), follow()]).then(([{ render }, parts]) => {
  const root = document.getElementById('root')
  if (root) render(root, parts)
})

async function follow(): Promise<NodeParts> {
  const bridge = await openBridge()
  const mirror = createMirror(bridge).store
  await known(mirror)
  return { bridge, mirror, traffic: createTrafficHistory(mirror, () => Date.now()) }
}

/** Resolves when there is a state to show, or why there is none, or after a while. */
function known(mirror: MirrorStore): Promise<void> {
  return new Promise((resolve) => {
    const isKnown = () => mirror.getState().app !== undefined || mirror.getState().link !== 'connecting'
    const done = () => {
      stop()
      window.clearTimeout(timer)
      resolve()
    }
    const stop = mirror.subscribe(() => isKnown() && done())
    const timer = window.setTimeout(done, PATIENCE_MS)
    if (isKnown()) done()
  })
}
