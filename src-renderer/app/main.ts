import { openBridge } from '../bridge/open-bridge.ts'
import { createMirror } from '../store/mirror.ts'
import type { NodeParts } from '../store/node-context.tsx'
import { createTrafficHistory } from '../store/traffic-history.ts'

// Signing in and the first state come while the browser still reads what shows them. Nothing is awaited at the top: what
// shows them imports from this script.
void Promise.all([import('./app.tsx'), follow()]).then(([{ render }, parts]) => {
  const root = document.getElementById('root')
  if (root) render(root, parts)
})

async function follow(): Promise<NodeParts> {
  const bridge = await openBridge()
  const mirror = createMirror(bridge).store
  return { bridge, mirror, traffic: createTrafficHistory(mirror, () => Date.now()) }
}
