import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { Switch } from '../../ui/switch.tsx'
import { Setting } from './setting.tsx'

/** In the desktop app only; a browser's page cannot start with the computer. */
export function StartWithComputer() {
  const isOn = useNode(({ shell }) => shell?.startWithComputer)
  const change = useCommand('shell.set')
  if (isOn === undefined) return null
  return (
    <Setting label={m.settings.startWithComputer} text={m.settings.startWithComputerText} change={change}>
      {(described) => (
        <Switch
          label={m.settings.startWithComputer}
          describedBy={described}
          checked={isOn}
          onChange={(startWithComputer) => void change.run({ startWithComputer })}
          disabled={change.running}
        />
      )}
    </Setting>
  )
}
