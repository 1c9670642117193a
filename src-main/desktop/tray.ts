import { join } from 'node:path'
import { Menu, type NativeImage, nativeImage, Tray } from 'electron'
import type { AppState } from '#shared/contract/state.ts'
import type { StateTree } from '../node/state-tree.ts'
import { type Glance, glance } from './glance.ts'
import { t } from './texts.ts'
import { followChoices, NO_CHOICES } from './tray-choices.ts'
import { drawTrayIcon } from './tray-icon.ts'
import { type TrayActions, trayMenu } from './tray-menu.ts'

/** As a menu bar or panel counts; the second is for screens with twice as many pixels. */
const ICON_SIZE = 16
const SCALES = [1, 2]

/**
 * The icon with its menu, by the custom of each system: Windows opens the window at a left click and the menu at a
 * right one, macOS opens the menu and paints the icon itself, Linux leaves to the desktop which click is which.
 */
export function openTray(
  state: Pick<StateTree, 'get' | 'subscribe'>,
  handlers: Parameters<typeof followChoices>[0]['handlers'],
  actions: TrayActions,
): void {
  let choices = NO_CHOICES
  const images = new Map<Glance['kind'], NativeImage>()
  const image = (kind: Glance['kind']) => {
    const drawn = images.get(kind) ?? (process.platform === 'win32' ? ico(kind) : bitmap(kind))
    images.set(kind, drawn)
    return drawn
  }
  const tray = new Tray(image(glance(state.get()).kind))
  let shown: string | undefined
  const show = (now: AppState) => {
    const menu = trayMenu(now, actions, choices)
    const { kind, line } = glance(now)
    // Traffic counters move every second; a menu that is replaced while it is open closes on some systems.
    const leads = [choices.last?.peer, choices.favourites.map(({ provider, serial }) => [provider, serial])]
    const looks = JSON.stringify([kind, menu, leads])
    if (looks === shown) return
    shown = looks
    tray.setImage(image(kind))
    tray.setToolTip(t.tray.toolTip(line))
    tray.setContextMenu(Menu.buildFromTemplate(menu))
  }
  show(state.get())
  state.subscribe(() => show(state.get()))
  followChoices({
    ...{ state, handlers },
    show(found) {
      choices = found
      show(state.get())
    },
  })
  if (process.platform !== 'darwin') tray.on('click', actions.open)
}

function bitmap(kind: Glance['kind']): NativeImage {
  const isTemplate = process.platform === 'darwin'
  const drawn = nativeImage.createEmpty()
  for (const scaleFactor of SCALES) {
    const size = ICON_SIZE * scaleFactor
    drawn.addRepresentation({ scaleFactor, width: size, height: size, buffer: drawTrayIcon(kind, size, isTemplate) })
  }
  if (isTemplate) drawn.setTemplateImage(true)
  return drawn
}

/** Windows picks the size it needs out of a file; the build puts these beside the program (electron.vite.config.ts). */
const ico = (kind: Glance['kind']) => nativeImage.createFromPath(join(import.meta.dirname, `tray-${kind}.ico`))
