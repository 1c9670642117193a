import type { MenuItemConstructorOptions } from 'electron'
import type { AppState } from '#shared/contract/state.ts'
import type { ConnectionState } from '#shared/model/session.ts'
import { glance } from './glance.ts'

export type TrayActions = {
  open(): void
  connect(): void
  disconnect(): void
  restore(): void
  share(): void
  stopSharing(): void
  forget(): void
  quit(): void
}

/** What ends a state, in its own words. */
const END_LABELS: Record<Exclude<ConnectionState['name'], 'disconnected'>, string> = {
  connecting: 'Cancel',
  connected: 'Disconnect',
  reconnecting: 'Disconnect',
  blocked: 'Restore internet',
  disconnecting: 'Disconnect',
}

/** The tray's menu for a state; every item is there in every state, so that none moves under the hand. */
export function trayMenu(state: AppState, actions: TrayActions): MenuItemConstructorOptions[] {
  const { connection, identity, share } = state
  const ready = identity.unlocked && identity.registration === 'registered'
  return [
    { label: glance(state).line, enabled: false },
    { type: 'separator' },
    connection.name === 'disconnected' || (connection.name === 'blocked' && connection.isLockdown)
      ? { label: 'Connect to the best', enabled: ready, click: actions.connect }
      : {
          label: END_LABELS[connection.name],
          enabled: connection.name !== 'disconnecting',
          click: connection.name === 'blocked' ? actions.restore : actions.disconnect,
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
