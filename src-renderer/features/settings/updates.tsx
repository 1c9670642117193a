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
  const { text, step, label } = DUE[update.name](update as never)
  return (
    <ul className="card settings-list">
      <Setting label={m.settings.updates} text={text} change={run}>
        {() => (step ? <Button onClick={() => void run.run({ step })}>{label}</Button> : null)}
      </Setting>
    </ul>
  )
}

type Due = { text: string; step?: 'check' | 'download' | 'install'; label?: string }
const check = { step: 'check', label: m.settings.updateCheck } as const
const DUE: { [name in UpdateState['name']]: (state: Extract<UpdateState, { name: name }>) => Due } = {
  none: () => ({ text: m.settings.updateNone, ...check }),
  checking: () => ({ text: m.settings.updateChecking }),
  available: ({ version }) => ({
    ...{ text: m.settings.updateAvailable(version), step: 'download', label: m.settings.updateDownload },
  }),
  downloading: ({ percent }) => ({ text: m.settings.updateDownloading(percent) }),
  ready: ({ version }) => ({
    ...{ text: m.settings.updateReady(version), step: 'install', label: m.settings.updateInstall },
  }),
  failed: ({ message }) => ({ text: m.settings.updateFailed(message), ...check }),
}
