import type { MenuItemConstructorOptions } from 'electron'
import type { UpdateState } from '#shared/contract/shell.ts'
import type { AppState } from '#shared/contract/state.ts'
import { glance } from './glance.ts'
import { t } from './texts.ts'

export type TrayActions = {
  open(): void
  connect(): void
  disconnect(): void
  restore(): void
  share(): void
  stopSharing(): void
  forget(): void
  update(step: 'check' | 'download' | 'install'): void
  quit(): void
}

/** The tray's menu for a state; an item that is there is there in every state, so that none moves under the hand. */
export function trayMenu(state: AppState, actions: TrayActions): MenuItemConstructorOptions[] {
  const { connection, identity, share, shell } = state
  const ready = identity.unlocked && identity.registration === 'registered'
  return [
    { label: glance(state).line, enabled: false },
    { type: 'separator' },
    connection.name === 'disconnected' || (connection.name === 'blocked' && connection.isLockdown)
      ? { label: t.tray.best, enabled: ready, click: actions.connect }
      : {
          label: t.tray.end[connection.name],
          enabled: connection.name !== 'disconnecting',
          click: connection.name === 'blocked' ? actions.restore : actions.disconnect,
        },
    {
      label: t.tray.share,
      type: 'checkbox',
      checked: share.state === 'on' || share.state === 'starting',
      enabled: ready && (share.state === 'on' || share.state === 'off'),
      click: share.state === 'off' ? actions.share : actions.stopSharing,
    },
    { type: 'separator' },
    { label: t.tray.open, click: actions.open },
    ...(shell?.update ? [updateItem(shell.update, actions.update)] : []),
    {
      label: t.tray.forget,
      enabled: identity.keychain?.remembers !== undefined,
      click: actions.forget,
    },
    { label: t.tray.quit, click: actions.quit },
  ]
}

/** The next step that a person can take; where no feed is configured there is none. */
function updateItem(update: UpdateState, step: TrayActions['update']): MenuItemConstructorOptions {
  switch (update.name) {
    case 'checking':
      return { label: t.update.checking, enabled: false }
    case 'available':
      return { label: t.update.download(update.version), click: () => step('download') }
    case 'downloading':
      return { label: t.update.downloading(update.percent), enabled: false }
    case 'ready':
      return { label: t.update.install(update.version), click: () => step('install') }
    default:
      return { label: t.update.check, click: () => step('check') }
  }
}
