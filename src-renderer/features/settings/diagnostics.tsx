import { Download } from 'lucide-react'
import { useState } from 'react'
import type { CommandOutput } from '#shared/contract/commands.ts'
import { m } from '../../messages/index.ts'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { CopyTextButton } from '../../ui/copy-button.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { Setting } from './setting.tsx'

/** A text for somebody who helps, shown whole first. What leaves is what is shown, and a person takes it there. */
export function Diagnostics() {
  const read = useCommand('diagnostics.read')
  const [shown, setShown] = useState<CommandOutput<'diagnostics.read'>>()
  const show = async () => setShown((await read.run({}))?.ok)
  return (
    <section className="section">
      <h2>{m.settings.diagnostics}</h2>
      <ul className="card settings-list">
        <Setting label={m.settings.diagnosticsLabel} text={m.settings.diagnosticsText} change={read}>
          {(described) => (
            <Button aria-describedby={described} disabled={read.running} onClick={() => void show()}>
              {shown ? m.settings.diagnosticsAgain : m.settings.diagnosticsShow}
            </Button>
          )}
        </Setting>
        {shown && (
          <li className="setting setting-diagnostics">
            <textarea
              className="mono"
              aria-label={m.settings.diagnostics}
              lang="en"
              rows={14}
              readOnly
              spellCheck={false}
              value={shown.text}
            />
            <div className="setting-control">
              <CopyTextButton text={shown.text} />
              <Button
                icon={<Download size={15} aria-hidden />}
                onClick={() => saveFile(shown.fileName, shown.text, 'text/plain')}
              >
                {m.settings.diagnosticsSave}
              </Button>
            </div>
          </li>
        )}
      </ul>
    </section>
  )
}
