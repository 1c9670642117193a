import { Notification } from 'electron'
import type { StateTree } from '../node/state-tree.ts'
import { type Note, notifications, toldAtStart } from './notifications.ts'

/** Tells by the system's notifications what happens while nobody looks at the window; a click opens it. */
export function openNotifications(
  state: Pick<StateTree, 'get' | 'subscribe'>,
  window: { isWatched(): boolean; open(): void },
): void {
  if (!Notification.isSupported()) return
  // One that nothing refers to is collected, and its click with it.
  const shown = new Set<Notification>()
  const show = ({ title, body }: Note) => {
    const notification = new Notification({ title, body: withoutMarkup(body), silent: true })
    shown.add(notification)
    notification.on('close', () => shown.delete(notification))
    notification.on('click', () => {
      shown.delete(notification)
      window.open()
    })
    notification.show()
  }

  let told = toldAtStart(state.get())
  state.subscribe(() => {
    const next = notifications(told, state.get())
    told = next.told
    if (window.isWatched()) return
    for (const note of next.notes) show(note)
  })
}

/** Some of Linux's desktops read links, pictures and entities in a notification's body. */
const LOOKALIKES: Record<string, string> = { '<': '‹', '>': '›', '&': '＆' }
const withoutMarkup = (text: string) => text.replaceAll(/[<>&]/g, (character) => LOOKALIKES[character] ?? '')
