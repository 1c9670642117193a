import type { MenuItemConstructorOptions } from 'electron'
import type { AppState } from '#shared/contract/state.ts'
import { glance } from './glance.ts'

export type TrayActions = {
  open(): void
  connect(): void
  disconnect(): void
  share(): void
  stopSharing(): void
  forget(): void
  quit(): void
}

/** The tray's menu for a state; every item is there in every state, so that none moves under the hand. */
export function trayMenu(state: AppState, actions: TrayActions): MenuItemConstructorOptions[] {
  const { connection, identity, share } = state
  const ready = identity.unlocked && identity.registration === 'registered'
  const off = connection.name === 'disconnected'
  return [
    { label: glance(state).line, enabled: false },
    { type: 'separator' },
    off
      ? { label: 'Connect to the best', enabled: ready, click: actions.connect }
      : {
          label: connection.name === 'connecting' ? 'Cancel' : 'Disconnect',
          enabled: connection.name !== 'disconnecting',
          click: actions.disconnect,
        },
    {
      label: 'Share my bandwidth',
      type: 'checkbox',
      checked: share.state === 'on' || share.state === 'starting',
      enabled: ready && (share.state === 'on' || share.state === 'off'),
      click: share.state === 'off' ? actions.share : actions.stopSharing,
    },
    { type: 'separator' },
    { label: 'Open Mysterium', click: actions.open },
    {
      label: 'Forget my passphrase',
      enabled: identity.keychain?.remembers !== undefined,
      click: actions.forget,
    },
    { label: 'Quit', click: actions.quit },
  ]
}
