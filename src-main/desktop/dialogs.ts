import { dialog } from 'electron'
import { toWire } from '#shared/errors/myst-error.ts'
import { plainText } from '#shared/model/plain-text.ts'
import { said, t } from './texts.ts'
import type { Question } from './updates.ts'

const MOST = 600

export function tell(message: string, detail?: string): void {
  void dialog.showMessageBox({
    type: 'warning',
    message: plainText(message, MOST),
    ...(detail !== undefined && { detail }),
  })
}

/** From the tray there is no page that could show what went wrong. */
export function tellFailure(work: Promise<unknown>): void {
  work.catch((error: unknown) => tell(said(toWire(error).message)))
}

export async function ask({ message, detail, yes, no }: Question): Promise<boolean> {
  const buttons = [yes, no]
  const { response } = await dialog.showMessageBox({ type: 'question', message, detail, buttons, ...NO_IS_SAFE })
  return response === 0
}

/** Whether to quit, although that ends what `stops` says. */
export function askQuit(stops: string): boolean {
  const buttons = [t.quit.quit, t.quit.stay]
  const question = { type: 'question', message: t.quit.question, detail: stops, buttons, ...NO_IS_SAFE } as const
  return dialog.showMessageBoxSync(question) === 0
}

/** Before there is anything else to show it. */
export function failAtStart(message: string): void {
  dialog.showErrorBox(t.app, plainText(said(message), MOST))
}

/** Enter and Escape change nothing. */
const NO_IS_SAFE = { defaultId: 1, cancelId: 1, noLink: true } as const
