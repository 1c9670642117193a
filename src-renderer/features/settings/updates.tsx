import type { UpdateState } from '#shared/contract/shell.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { Setting } from './setting.tsx'

/** Where a feed of updates is configured: the step that is due. The system's own dialog asks before it is taken. */
export function Updates() {
  const update = useNode(({ shell }) => shell?.update)
  const run = useCommand('shell.update')
  if (!update) return null
  const { text, step, label } = due(update)
  return (
    <ul className="card settings-list">
      <Setting label={m.settings.updates} text={text} change={run}>
        {() => (step ? <Button onClick={() => void run.run({ step })}>{label}</Button> : null)}
      </Setting>
    </ul>
  )
}

function due(update: UpdateState): { text: string; step?: 'check' | 'download' | 'install'; label?: string } {
  const check = { step: 'check', label: m.settings.updateCheck } as const
  switch (update.name) {
    case 'none':
      return { text: m.settings.updateNone, ...check }
    case 'checking':
      return { text: m.settings.updateChecking }
    case 'available':
      return { text: m.settings.updateAvailable(update.version), step: 'download', label: m.settings.updateDownload }
    case 'downloading':
      return { text: m.settings.updateDownloading(update.percent) }
    case 'ready':
      return { text: m.settings.updateReady(update.version), step: 'install', label: m.settings.updateInstall }
    case 'failed':
      return { text: m.settings.updateFailed(update.message), ...check }
  }
}
