import type { MenuItemConstructorOptions } from 'electron'
import type { UpdateState } from '#shared/contract/shell.ts'
import type { AppState } from '#shared/contract/state.ts'
import { plainText } from '#shared/model/plain-text.ts'
import type { ProposalFilter } from '#shared/model/proposal.ts'
import { type ConnectionState, isBehindVpn, isReplaceable } from '#shared/model/session.ts'
import { formatMyst, MYST } from '#shared/model/units.ts'
import { glance, shortId } from './glance.ts'
import { figure, t } from './texts.ts'
import { NO_CHOICES, type TrayChoices } from './tray-choices.ts'

export type TrayActions = {
  open(): void
  connect(): void
  connectTo(to: ProposalFilter & { instead?: boolean }): void
  disconnect(): void
  restore(): void
  share(): void
  stopSharing(): void
  forget(): void
  update(step: 'check' | 'download' | 'install'): void
  quit(): void
}

/** The tray's menu for a state; an item that is there is there in every state, so that none moves under the hand. */
export function trayMenu(
  state: AppState,
  actions: TrayActions,
  { last, favourites }: TrayChoices = NO_CHOICES,
): MenuItemConstructorOptions[] {
  const { connection, identity, share, shell } = state
  const ready = identity.unlocked && identity.registration === 'registered'
  const free = ready && (connection.name === 'disconnected' || connection.name === 'blocked')
  const instead = ready && isReplaceable(connection)
  return [
    { label: glance(state).line, enabled: false },
    { label: paidAhead(connection), enabled: false },
    { type: 'separator' },
    connection.name === 'disconnected' || (connection.name === 'blocked' && connection.isLockdown)
      ? { label: t.tray.best, enabled: ready, click: actions.connect }
      : {
          label: t.tray.end[connection.name],
          enabled: connection.name !== 'disconnecting',
          click: connection.name === 'blocked' ? actions.restore : actions.disconnect,
        },
    {
      label: last ? t.tray.last(shortId(last.peer)) : t.tray.noLast,
      enabled: free && last !== undefined,
      click: () => last && actions.connectTo({ provider: last.peer, serviceType: last.serviceType }),
    },
    {
      label: t.tray.favourites,
      type: 'submenu',
      enabled: (free || instead) && favourites.length > 0,
      submenu: favourites.map(({ provider, serial, serviceType, originLocation, unit, pricePerUnit }) => ({
        label: t.tray.offer(
          plainText(originLocation.country, 2),
          shortId(provider),
          figure(formatMyst(pricePerUnit)),
          unit,
        ),
        // Behind a VPN no proxy can be reached.
        enabled: !(isBehindVpn(connection) && serviceType === 'socks'),
        click: () => actions.connectTo({ provider, serial, serviceType, instead }),
      })),
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

/** In steps, because a menu that changes while it is open closes on some systems. */
function paidAhead(connection: ConnectionState): string {
  if (connection.name !== 'connected' || connection.live.leftover <= 0n) return t.tray.nothingAhead
  const { leftover } = connection.live
  return leftover < STEP
    ? t.tray.littleAhead(figure(formatMyst(STEP)))
    : t.tray.ahead(figure(formatMyst(leftover - (leftover % STEP))))
}
const STEP = MYST / 100n

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
