import { createRoot } from 'react-dom/client'
import { LANGUAGES, type Settings } from '#shared/contract/settings.ts'
import { encode } from '#shared/contract/wire.ts'
import { App } from '../app/app.tsx'
import { createMirror } from '../store/mirror.ts'
import { redirect } from '../store/route.ts'
import { createTrafficHistory, HISTORY_MS } from '../store/traffic-history.ts'
import { createFixtureBridge } from './fixture-bridge.ts'
import { seeded } from './fixtures.ts'
import type { Scene } from './scene.ts'
import { scenes } from './scenes.ts'

// Development only: `gallery.html?scene=connected` is the real app over a fixture, `&lang=de` in German; without a
// scene, the list.
const now = Date.now()
const all = scenes(now)
const asked = new URLSearchParams(location.search)
const name = asked.get('scene')
const language = LANGUAGES.find((one) => one === asked.get('lang')) ?? 'auto'
const scene = name ? spoken(all[name], language) : undefined
const root = document.getElementById('root')

if (root && scene) {
  localStorage.clear()
  for (const [key, value] of Object.entries(scene.remembered ?? {})) localStorage.setItem(`myst.${key}`, encode(value))
  if (scene.offer) location.replace(`#/connect/${scene.offer.provider}/${scene.offer.serial}`)
  else redirect(scene.route)
  const bridge = createFixtureBridge(scene, now)
  const mirror = createMirror(bridge).store
  const traffic = createTrafficHistory(mirror, () => Date.now())
  if (scene.state.connection.name === 'connected') traffic.setState({ samples: twoMinutes() })
  createRoot(root).render(<App parts={{ bridge, mirror, traffic }} />)
} else if (root) {
  createRoot(root).render(
    <ul>
      {Object.keys(all).map((one) => (
        <li key={one}>
          <a href={`?scene=${one}`}>{one}</a>
        </li>
      ))}
    </ul>,
  )
}

function spoken(scene: Scene | undefined, language: Settings['language']): Scene | undefined {
  return scene && { ...scene, state: { ...scene.state, settings: { ...scene.state.settings, language } } }
}

function twoMinutes() {
  const random = seeded(9)
  return Array.from({ length: HISTORY_MS / 1000 }, (_, second) => {
    const wave = Math.max(0, 0.55 + 0.4 * Math.sin(second / 9) + (random() - 0.5) * 0.4)
    return { atMs: now - HISTORY_MS + second * 1000, down: 18e6 * wave, up: 1.6e6 * Math.max(0.1, 1.3 - wave) }
  })
}
