import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { App } from 'electron'
import { t } from './texts.ts'

/** The switch with which the app starts into the tray, without a window. */
export const HIDDEN = 'hidden'

export type StartWithComputer = {
  isOn(): boolean
  set(isOn: boolean): Promise<void>
}

/**
 * macOS and Windows keep a list of their own; on Linux it is a file in the person's autostart folder, as the desktops
 * agreed (XDG Autostart). `args`: what the app is started with beside `--hidden`.
 */
export function startWithComputer(deps: {
  app: Pick<App, 'getLoginItemSettings' | 'setLoginItemSettings'>
  platform: NodeJS.Platform
  /** What to start: of an AppImage the file itself, because where it is mounted changes. */
  program: string
  args: readonly string[]
  /** The person's configuration folder, `~/.config`. */
  configHome: string
}): StartWithComputer {
  const { app, platform, program, configHome } = deps
  const args = [...deps.args, `--${HIDDEN}`]
  if (platform !== 'linux') {
    return {
      isOn: () => app.getLoginItemSettings({ args }).openAtLogin,
      set: async (openAtLogin) => app.setLoginItemSettings({ openAtLogin, args }),
    }
  }
  const file = join(configHome, 'autostart', 'mysterium.desktop')
  return {
    // A desktop switches an entry off by a word in it.
    isOn: () =>
      existsSync(file) && !/^(?:Hidden=true|X-GNOME-Autostart-enabled=false)\s*$/m.test(readFileSync(file, 'utf8')),
    async set(isOn) {
      if (!isOn) return rm(file, { force: true })
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, desktopEntry([program, ...args]))
    },
  }
}

function desktopEntry(command: readonly string[]): string {
  const lines = ['[Desktop Entry]', 'Type=Application', `Name=${t.app}`, `Exec=${command.map(quoted).join(' ')}`]
  return `${[...lines, 'Icon=mysterium', 'Terminal=false', 'X-GNOME-Autostart-enabled=true'].join('\n')}\n`
}

/** As the Desktop Entry Specification wants an argument of `Exec`: quoted, then escaped as every string there. */
function quoted(word: string): string {
  if (/[\n\r\0]/.test(word)) throw new Error('A program with a line end in its name cannot be started by the desktop.')
  const escaped = word.replaceAll(/["`$\\]/g, '\\$&').replaceAll('%', '%%')
  return `"${escaped.replaceAll('\\', '\\\\')}"`
}
