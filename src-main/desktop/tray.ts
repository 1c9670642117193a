import { Menu, nativeImage, Tray } from 'electron'
import type { AppState } from '#shared/contract/state.ts'
import type { StateTree } from '../node/state-tree.ts'
import { type Glance, glance } from './glance.ts'
import { drawTrayIcon } from './tray-icon.ts'
import { type TrayActions, trayMenu } from './tray-menu.ts'

/** Twice the size that panels show, for screens with more pixels. */
const ICON_PIXELS = 32

export function openTray(state: Pick<StateTree, 'get' | 'subscribe'>, actions: TrayActions): Tray {
  const tray = new Tray(image(glance(state.get()).kind))
  let shown: string | undefined
  const show = (now: AppState) => {
    const menu = trayMenu(now, actions)
    const { kind, line } = glance(now)
    // Traffic counters move every second; a menu that is replaced while it is open closes on some systems.
    const looks = JSON.stringify([kind, menu])
    if (looks === shown) return
    shown = looks
    tray.setImage(image(kind))
    tray.setToolTip(`Mysterium: ${line}`)
    tray.setContextMenu(Menu.buildFromTemplate(menu))
  }
  show(state.get())
  state.subscribe(() => show(state.get()))
  tray.on('click', actions.open)
  return tray
}

function image(kind: Glance['kind']) {
  return nativeImage.createFromBitmap(drawTrayIcon(kind, ICON_PIXELS), {
    width: ICON_PIXELS,
    height: ICON_PIXELS,
    scaleFactor: 2,
  })
}
