import type { AppUpdater } from 'electron-updater'
import type { UpdateState } from '#shared/contract/shell.ts'
import { toWire } from '#shared/errors/myst-error.ts'
import { plainText } from '#shared/model/plain-text.ts'
import type { Logger } from '../node/lib/logger.ts'
import { t } from './texts.ts'
import { nextUpdate, type UpdateEvent } from './update-state.ts'

export type Updates = {
  /** Looks for a newer version; whoever `isAsked` for it is told, too, that there is none. */
  check(isAsked: boolean): Promise<void>
  download(): Promise<void>
  install(): Promise<void>
  stop(): void
}

export type Question = { message: string; detail: string; yes: string; no: string }

const FIRST_CHECK_MS = 60_000
const CHECK_EVERY_MS = 6 * 3_600_000

/**
 * Looks for updates a minute after the start and every six hours. Each step further is a person's: the download is
 * asked for, and so is the installation, with what it stops. Nothing is installed on quitting.
 */
export function createUpdates(deps: {
  updater: Pick<AppUpdater, 'checkForUpdates' | 'downloadUpdate' | 'quitAndInstall' | 'on'> &
    Pick<AppUpdater, 'autoDownload' | 'autoInstallOnAppQuit' | 'disableWebInstaller' | 'logger' | 'requestHeaders'>
  show(state: UpdateState): void
  ask(question: Question): Promise<boolean>
  tell(message: string): void
  /** In words what ends with the app; undefined when nothing would. */
  whatStops(): string | undefined
  /** Ends the node, so that the program can be replaced. */
  end(): Promise<void>
  /** Without a node and without a new version there is nothing left to go on with. */
  fail(error: unknown): void
  log: Logger
}): Updates {
  const { updater, log } = deps
  // It downloads and installs by itself otherwise.
  updater.autoDownload = false
  updater.autoInstallOnAppQuit = false
  updater.disableWebInstaller = true
  // It would give whoever runs the feed an identifier of this installation, the same every time.
  updater.requestHeaders = { 'x-user-staging-id': '' }
  updater.logger = null
  let state: UpdateState = { name: 'none' }
  let isInstalling = false
  /** Asked about already, and not again by itself. */
  let offered = ''

  /** Whether the event led anywhere. */
  function step(event: UpdateEvent): boolean {
    const next = nextUpdate(state, event)
    if (next === state) return false
    state = next
    deps.show(state)
    return true
  }
  function failed(error: unknown): void {
    const message = plainText(toWire(error).message, 200)
    log.warn(`update: ${message}`)
    step({ name: 'failed', message })
  }

  // Every other failure rejects as well.
  updater.on('error', (error) => {
    if (isInstalling) deps.fail(error)
  })
  updater.on('download-progress', ({ percent }) => void step({ name: 'progress', percent }))

  const updates: Updates = {
    async check(isAsked) {
      if (!step({ name: 'check' })) return
      try {
        const result = await updater.checkForUpdates()
        if (result?.isUpdateAvailable) step({ name: 'found', version: plainText(result.updateInfo.version, 40) })
        else step({ name: 'newest' })
      } catch (error) {
        failed(error)
      }
      if (state.name === 'available' && (isAsked || offered !== state.version)) {
        offered = state.version
        const { found, foundText, downloadNow, later } = t.update
        const question = { message: found(state.version), detail: foundText, yes: downloadNow, no: later }
        if (await deps.ask(question)) await updates.download()
      } else if (isAsked && state.name === 'none') deps.tell(t.update.none)
      else if (isAsked && state.name === 'failed') deps.tell(t.update.failed(state.message))
    },
    async download() {
      if (!step({ name: 'download' })) return
      try {
        await updater.downloadUpdate()
        step({ name: 'downloaded' })
      } catch (error) {
        failed(error)
        if (state.name === 'failed') deps.tell(t.update.failed(state.message))
      }
      await updates.install()
    },
    async install() {
      if (state.name !== 'ready') return
      const { ready, readyText, installNow, later } = t.update
      const detail = [deps.whatStops(), readyText].filter(Boolean).join('\n')
      if (!(await deps.ask({ message: ready(state.version), detail, yes: installNow, no: later }))) return
      isInstalling = true
      await deps.end()
      updater.quitAndInstall()
    },
    stop() {
      clearTimeout(first)
      clearInterval(every)
    },
  }

  const first = setTimeout(() => void updates.check(false), FIRST_CHECK_MS)
  const every = setInterval(() => void updates.check(false), CHECK_EVERY_MS)
  deps.show(state)
  return updates
}
