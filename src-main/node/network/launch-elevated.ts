import { MystError } from '#shared/errors/myst-error.ts'

/**
 * One command line of fixed form through the system's prompt, which passes it to a shell: so nothing may
 * be in it that a shell reads as anything but a name. `ended` is called once, with what went wrong.
 */
export function launchElevated(command: readonly string[], ended: (error?: MystError) => void): void {
  if (!command.every((part) => /^[A-Za-z0-9 ._/@:+-]+$/.test(part))) {
    ended(
      new MystError('NotPermitted', 'The app is installed in a folder with unusual characters; move it and try again.'),
    )
    return
  }
  const line = command.map((part) => `"${part}"`).join(' ')
  import('sudo-prompt').then(
    ({ default: prompt }) =>
      prompt.exec(line, { name: 'Mysterium' }, (error) => {
        if (!error) return ended()
        const refused = /did not grant permission|authentication agent|pkexec/i.test(error.message)
        if (refused) ended(new MystError('ElevationRefused', 'The permission to change the network was not given.'))
        else ended(new MystError('HelperGone', 'The helper program ended; see the log.'))
      }),
    (cause: unknown) => ended(new MystError('NotPermitted', 'The password prompt is not available here.', { cause })),
  )
}
