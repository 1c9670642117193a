import type { ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import type { Settings } from '#shared/contract/settings.ts'
import { encode } from '#shared/contract/wire.ts'
import { LANGUAGES } from '#shared/model/choices.ts'
import { App } from '../app/app.tsx'
import { loadOtherScreens } from '../app/screen.tsx'
import { createMirror } from '../store/mirror.ts'
import { redirect } from '../store/route.ts'
import { createTrafficHistory, HISTORY_MS } from '../store/traffic-history.ts'
import { createFixtureBridge } from './fixture-bridge.ts'
import { seeded } from './fixtures.ts'
import type { Scene } from './scene.ts'
import { scenes } from './scenes.ts'

declare global {
  interface Window {
    /** Another scene in place of what is shown, for whoever looks at all of them. */
    showScene(name: string, language: Settings['language']): Promise<void>
  }
}

// Development only: `gallery.html?scene=connected` is the real app over a fixture, `&lang=de` in German; without a
// scene, the list.
const now = Date.now()
const all = scenes(now)
let close = () => {}

window.showScene = async (name, language) => {
  await loadOtherScreens()
  close()
  const scene = all[name]
  close = scene ? open(spoken(scene, language)) : list()
  if (scene?.press) await press(scene.press)
}
const asked = new URLSearchParams(location.search)
void window.showScene(asked.get('scene') ?? '', LANGUAGES.find((one) => one === asked.get('lang')) ?? 'auto')

function open(scene: Scene): () => void {
  localStorage.clear()
  for (const [key, value] of Object.entries(scene.remembered ?? {})) localStorage.setItem(`myst.${key}`, encode(value))
  if (scene.offer) location.replace(`#/connect/${scene.offer.provider}/${scene.offer.serial}`)
  else redirect(scene.route)
  const bridge = createFixtureBridge(scene, now)
  const mirror = createMirror(bridge)
  const traffic = createTrafficHistory(mirror.store, () => Date.now())
  if (scene.state.connection.name === 'connected') traffic.setState({ samples: twoMinutes() })
  const unmount = mount(<App parts={{ bridge, mirror: mirror.store, traffic }} />)
  return () => {
    unmount()
    mirror.stop()
  }
}

/** The words are asked for again with each frame, because the page chooses the language. The last that has them is meant. */
async function press(words: () => readonly string[]): Promise<void> {
  for (const at of words().keys()) {
    const find = () => {
      const all = [...document.querySelectorAll('button')]
      return all.findLast((one) => [one.textContent, one.ariaLabel].includes(words()[at] ?? ''))
    }
    while (!find()) await new Promise(requestAnimationFrame)
    find()?.click()
  }
}

function list(): () => void {
  return mount(
    <ul>
      {Object.keys(all).map((one) => (
        <li key={one}>
          <a href={`?scene=${one}`}>{one}</a>
        </li>
      ))}
    </ul>,
  )
}

function mount(page: ReactNode): () => void {
  const element = document.getElementById('root')
  if (!element) return () => {}
  const root = createRoot(element)
  root.render(page)
  return () => root.unmount()
}

function spoken(scene: Scene, language: Settings['language']): Scene {
  return { ...scene, state: { ...scene.state, settings: { ...scene.state.settings, language } } }
}

function twoMinutes() {
  const random = seeded(9)
  return Array.from({ length: HISTORY_MS / 1000 }, (_, second) => {
    const wave = Math.max(0, 0.55 + 0.4 * Math.sin(second / 9) + (random() - 0.5) * 0.4)
    return { atMs: now - HISTORY_MS + second * 1000, down: 18e6 * wave, up: 1.6e6 * Math.max(0.1, 1.3 - wave) }
  })
}
