import { useState } from 'react'
import type { ProgramView } from '#shared/contract/programs.ts'
import { formatDateTime } from '../../../messages/format.ts'
import { m } from '../../../messages/index.ts'
import { useNode } from '../../../store/node-context.tsx'
import { useCommand } from '../../../store/use-command.ts'
import { Button } from '../../../ui/button.tsx'
import { CopyTextButton } from '../../../ui/copy-button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { ErrorNotice, Notice } from '../../../ui/notice.tsx'

/** The key of the local API: what is known of it, and a new one, which is shown once and then held by nobody here. */
export function Key({ program: { id, name, keyHint, lastUsedAtMs } }: { program: ProgramView }) {
  const [asking, setAsking] = useState(false)
  const [key, setKey] = useState<string>()
  const make = useCommand('programs.newKey')
  const drop = useCommand('programs.dropKey')
  const renew = async () => {
    if (make.running) return
    const made = await make.run({ id })
    setAsking(false)
    setKey(made?.ok.key)
  }
  const take = async () => {
    await drop.run({ id })
    setAsking(false)
  }
  return (
    <div>
      <dt>{m.programs.key}</dt>
      <dd className="program-key">
        <span>
          {keyHint === undefined
            ? m.programs.keyNone
            : lastUsedAtMs === undefined
              ? m.programs.keyHint(keyHint)
              : m.programs.keyUsed(keyHint, formatDateTime(lastUsedAtMs))}
        </span>
        <Button
          size="small"
          aria-label={m.programs.newKeyOf(name)}
          onClick={() => (keyHint === undefined ? void renew() : setAsking(true))}
        >
          {m.programs.newKey}
        </Button>
        <ErrorNotice error={make.error ?? drop.error} />
        <Dialog
          open={asking}
          onClose={() => setAsking(false)}
          title={m.programs.newKeyTitle(name)}
          text={m.programs.newKeyText(keyHint ?? '')}
        >
          <div className="dialog-actions">
            <Button onClick={() => setAsking(false)}>{m.app.cancel}</Button>
            <Button kind="danger" onClick={() => void take()}>
              {m.programs.dropKey}
            </Button>
            <Button kind="primary" onClick={() => void renew()}>
              {m.programs.makeKey}
            </Button>
          </div>
        </Dialog>
        <Dialog open={key !== undefined} title={m.programs.keyTitle(name)} text={m.programs.keyText}>
          {key !== undefined && <Shown value={key} onDone={() => setKey(undefined)} />}
        </Dialog>
      </dd>
    </div>
  )
}

function Shown({ value, onDone }: { value: string; onDone(): void }) {
  const isApiOn = useNode(({ settings }) => settings.programsApi)
  return (
    <>
      <textarea
        className="program-shown mono"
        aria-label={m.programs.key}
        rows={2}
        readOnly
        spellCheck={false}
        value={value}
        onFocus={(event) => event.target.select()}
      />
      {!isApiOn && <Notice>{m.programs.keyApiOff}</Notice>}
      <div className="dialog-actions">
        <CopyTextButton text={value} />
        <Button kind="primary" onClick={onDone}>
          {m.programs.keySaved}
        </Button>
      </div>
    </>
  )
}
