import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { openBridge } from '../bridge/open-bridge.ts'
import { createMirror } from '../store/mirror.ts'
import { createTrafficHistory } from '../store/traffic-history.ts'
import { App } from './app.tsx'

const bridge = await openBridge()
const mirror = createMirror(bridge).store
const parts = { bridge, mirror, traffic: createTrafficHistory(mirror, () => Date.now()) }
const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App parts={parts} />
    </StrictMode>,
  )
}
