import { type ReactNode, useId } from 'react'
import type { Settings } from '#shared/contract/settings.ts'
import { said } from '../../messages/said.ts'
import { useNode } from '../../store/node-context.tsx'
import { type CommandRun, useCommand } from '../../store/use-command.ts'
import { ErrorNotice, Notice } from '../../ui/notice.tsx'

/** One setting: its name, what it does in a sentence, its control, and below them what went wrong with it. */
export function Setting({
  name,
  label,
  text,
  change,
  children,
}: {
  name?: keyof Settings
  label: string
  text: string
  change?: Pick<CommandRun<'settings.set'>, 'error'>
  children(described: string): ReactNode
}) {
  const described = useId()
  const problem = useNode(({ settings }) => (name === undefined ? undefined : settings.problems[name]))
  return (
    <li className="setting">
      <div className="setting-text">
        <strong>{label}</strong>
        <p id={described} className="muted">
          {text}
        </p>
      </div>
      <div className="setting-control">{children(described)}</div>
      {(change?.error ?? problem) && (
        <div className="setting-note">
          {change?.error ? <ErrorNotice error={change.error} /> : <Notice tone="amber">{said(problem ?? '')}</Notice>}
        </div>
      )}
    </li>
  )
}

/** What is set, and the command that changes it, for one control alone: so its error is shown beside it. */
export function useSetting<Name extends keyof Settings>(name: Name) {
  const value = useNode(({ settings }) => settings[name]) as Settings[Name]
  const change = useCommand('settings.set')
  return { value, change, set: (next: Settings[Name]) => change.run({ [name]: next }) }
}

/** A setting that is one of several, by their names in the catalogue. */
export function Choice<Name extends 'language' | 'connectOnStart'>({
  name,
  label,
  text,
  choices,
  names,
}: {
  name: Name
  label: string
  text: string
  choices: readonly Settings[Name][]
  names: Record<Settings[Name], string>
}) {
  const { value, change, set } = useSetting(name)
  return (
    <Setting name={name} label={label} text={text} change={change}>
      {(described) => (
        <div className="input setting-select">
          <select
            aria-label={label}
            aria-describedby={described}
            value={value}
            disabled={change.running}
            onChange={(event) => {
              const chosen = choices.find((one) => one === event.target.value)
              if (chosen) void set(chosen)
            }}
          >
            {choices.map((one) => (
              <option key={one} value={one}>
                {names[one]}
              </option>
            ))}
          </select>
        </div>
      )}
    </Setting>
  )
}
