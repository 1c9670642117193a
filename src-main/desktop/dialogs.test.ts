import { afterEach, expect, test, vi } from 'vitest'
import { MystError } from '#shared/errors/myst-error.ts'
import { failAtStart, tellFailure } from './dialogs.ts'
import { speak } from './texts.ts'

const { shown } = vi.hoisted(() => ({ shown: [] as string[] }))
vi.mock('electron', () => ({
  dialog: {
    showMessageBox: async ({ message }: Electron.MessageBoxOptions) => ({ response: shown.push(message) }),
    showErrorBox: (_title: string, content: string) => void shown.push(content),
  },
}))
afterEach(() => {
  speak('en', [])
  shown.length = 0
})

test('what the node refuses is told in the language in use', async () => {
  const locked = new MystError('Locked', 'The identity is locked; unlock it with its passphrase first.')
  for (const language of ['en', 'de'] as const) {
    speak(language, [])
    const refused = Promise.reject(locked)
    tellFailure(refused)
    await refused.catch(() => undefined)
    failAtStart('Another myst program is using /home/me/mysterium; end it and start Mysterium again.')
  }
  expect(shown).toEqual([
    locked.message,
    'Another myst program is using /home/me/mysterium; end it and start Mysterium again.',
    'Die Identität ist gesperrt; entsperren Sie sie erst mit ihrer Passphrase.',
    'Ein anderes myst-Programm nutzt /home/me/mysterium; beenden Sie es und starten Sie Mysterium neu.',
  ])
})
