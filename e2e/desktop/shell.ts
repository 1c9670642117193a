import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'electron-vite'
import { _electron, type BrowserContext, chromium, type Page } from 'playwright-core'
import { createElectronDouble, type ElectronDouble, PAGE_ORIGIN } from './electron-double.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const CHROMIUM = '/usr/bin/chromium'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const MAIN = join(ROOT, 'out/main/index.js')

/** Where Electron's own program stands, if it was ever fetched; asking its package would fetch it. */
function electronProgram(): string | undefined {
  const home = join(ROOT, 'node_modules/electron')
  if (!existsSync(join(home, 'path.txt'))) return undefined
  const program = join(home, 'dist', readFileSync(join(home, 'path.txt'), 'utf8'))
  return existsSync(program) ? program : undefined
}

export const PROGRAM = electronProgram()
/** Something to see the page in. */
export const CAN_RUN = PROGRAM !== undefined || existsSync(CHROMIUM)

export type TrayItem = { label: string; enabled: boolean; checked: boolean }

export type Shell = {
  page: Page
  pageUrl: string
  tray(): Promise<TrayItem[]>
  clickTray(label: string): Promise<void>
  windowCount(): Promise<number>
  /** Resolves with the exit code. */
  quit(): Promise<number>
  /** What only the double can be asked. */
  double?: ElectronDouble
  dispose(): Promise<void>
}

/** Main and preload as they are shipped; the page when it was not built before. */
export async function buildShell(): Promise<void> {
  const pageStands = existsSync(join(ROOT, 'out/renderer/index.html'))
  await build({ root: ROOT, logLevel: 'warn', ...(pageStands && { mode: 'shell' }) })
}

export async function openShell(switches: Record<string, string>): Promise<Shell> {
  return PROGRAM === undefined ? openDouble(switches) : openElectron(PROGRAM, switches)
}

/** Whoever asks for `electron` gets this module's stand-in. */
export function provideElectron(module: object): { deregister(): void } {
  const key = Symbol.for('mysterium.electron-double')
  Object.assign(globalThis, { [key]: module })
  return registerHooks({
    resolve: (specifier, where, next) =>
      specifier === 'electron' ? { url: 'double:electron', shortCircuit: true } : next(specifier, where),
    load: (url, where, next) =>
      url === 'double:electron'
        ? {
            format: 'module',
            shortCircuit: true,
            source: `export const { ${Object.keys(module).join(', ')} } = globalThis[Symbol.for('mysterium.electron-double')]`,
          }
        : next(url, where),
  })
}

/** The real built main over the double; it ends with `dispose`. One in a process. */
export async function startDouble(
  switches: Record<string, string>,
  main = MAIN,
): Promise<{ double: ElectronDouble; context: BrowserContext; dispose(): Promise<void> }> {
  const profile = mkdtempSync(join(tmpdir(), 'myst-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  const blank = context.pages()
  const double = createElectronDouble(context, switches)
  const hooks = provideElectron(double.module)
  const before = SIGNALS.map((signal) => process.listeners(signal))
  createRequire(import.meta.url)(main)
  void double.firstPage.then(() => Promise.all(blank.map((other) => other.close())))
  return {
    double,
    context,
    async dispose() {
      hooks.deregister()
      // The shell's answers to signals belong to a process of its own, not to the test's.
      for (const [index, signal] of SIGNALS.entries()) {
        for (const listener of process.listeners(signal)) {
          if (!before[index]?.includes(listener)) process.off(signal, listener)
        }
      }
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

async function openDouble(switches: Record<string, string>): Promise<Shell> {
  const { double, context, dispose } = await startDouble(switches)
  const page = await Promise.race([
    double.firstPage,
    double.exited.then(() => Promise.reject(new Error(double.dialogs.join('\n')))),
  ])

  return {
    page,
    pageUrl: `${PAGE_ORIGIN}/index.html`,
    double,
    tray: async () =>
      double.trayItems().map(({ label, enabled, checked }) => ({
        label: label ?? '',
        enabled: enabled !== false,
        checked: checked === true,
      })),
    async clickTray(label) {
      const item = double.trayItems().find((candidate) => candidate.label === label)
      if (!item || item.enabled === false) throw new Error(`There is no "${label}" to click.`)
      item.click()
    },
    windowCount: async () => context.pages().length,
    async quit() {
      double.quit()
      return await double.exited
    },
    dispose,
  }
}

async function openElectron(program: string, switches: Record<string, string>): Promise<Shell> {
  const electron = await _electron.launch({
    executablePath: program,
    cwd: ROOT,
    // Electron tells nobody which menu a tray has, so a hook of ours notes it.
    args: [
      '-r',
      join(ROOT, 'e2e/desktop/note-tray-menu.cjs'),
      MAIN,
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...Object.entries(switches).map(([name, value]) => `--${name}=${value}`),
    ],
  })
  const exited = new Promise<number>((resolve) => electron.process().once('exit', (code) => resolve(code ?? 1)))
  const page = await electron.firstWindow()
  type Noted = { trayMenu?: Electron.Menu }
  return {
    page,
    pageUrl: 'app://mysterium/index.html',
    tray: () =>
      electron.evaluate(() =>
        ((globalThis as Noted).trayMenu?.items ?? []).map(({ label, enabled, checked }) => ({
          label,
          enabled,
          checked,
        })),
      ),
    clickTray: (label) =>
      electron.evaluate((_electron, wanted) => {
        const item = (globalThis as Noted).trayMenu?.items.find((candidate) => candidate.label === wanted)
        if (!item?.enabled) throw new Error(`There is no "${wanted}" to click.`)
        item.click()
      }, label),
    windowCount: async () => electron.windows().length,
    async quit() {
      await electron.evaluate(({ app }) => app.quit()).catch(() => undefined)
      return await exited
    },
    dispose: () => electron.close().catch(() => undefined),
  }
}
