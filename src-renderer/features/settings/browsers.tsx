import { useState } from 'react'
import type { PageAddress } from '#shared/contract/answers.ts'
import { formatTime } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNodeParts } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { useNow } from '../../store/use-now.ts'
import { Button } from '../../ui/button.tsx'
import { CopyTextButton } from '../../ui/copy-button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Setting } from './setting.tsx'

/** In a browser only: the desktop app's window needs no address, and has none. */
export function Browsers() {
  const { origin } = useNodeParts().bridge
  const make = useCommand('page.newAddress')
  const [made, setMade] = useState<PageAddress>()
  if (origin === undefined) return null
  const renew = async () => setMade((await make.run({}))?.ok)
  return (
    <section className="section">
      <h2>{m.settings.browsers}</h2>
      <ul className="card settings-list">
        <Setting label={m.settings.otherBrowser} text={m.settings.otherBrowserText} change={make}>
          {(described) => (
            <Button
              size="small"
              aria-describedby={described}
              disabled={make.running && !made}
              onClick={() => void renew()}
            >
              {m.settings.otherBrowserGo}
            </Button>
          )}
        </Setting>
      </ul>
      <Dialog
        open={made !== undefined}
        onClose={() => setMade(undefined)}
        title={m.settings.otherBrowser}
        text={m.settings.otherBrowserHow(isOwn(origin))}
      >
        {made && <Link made={made} origin={origin} onNew={() => void renew()} onDone={() => setMade(undefined)} />}
      </Dialog>
    </section>
  )
}

/** At the name under which this browser reaches the node, which is not always what the node was told. */
function Link(props: { made: PageAddress; origin: string; onNew(): void; onDone(): void }) {
  const { made, origin, onNew, onDone } = props
  const isOver = useNow() >= made.expiresAtMs
  const link = `${origin}/#token=${made.token}`
  if (isOver) {
    return (
      <>
        <Notice live>{m.settings.otherBrowserOver}</Notice>
        <div className="dialog-actions">
          <Button onClick={onDone}>{m.app.close}</Button>
          <Button kind="primary" onClick={onNew}>
            {m.settings.otherBrowserGo}
          </Button>
        </div>
      </>
    )
  }
  return (
    <>
      <textarea
        className="program-shown mono"
        aria-label={m.settings.otherBrowserLink}
        rows={3}
        readOnly
        spellCheck={false}
        value={link}
        onFocus={(event) => event.target.select()}
      />
      <p className="muted">{m.settings.otherBrowserUntil(formatTime(made.expiresAtMs))}</p>
      {made.fingerprint !== undefined && (
        <p className="muted">
          {m.settings.otherBrowserCompare} <span className="mono settings-fingerprint">{made.fingerprint}</span>
        </p>
      )}
      <div className="dialog-actions">
        <CopyTextButton text={link} />
        <Button kind="primary" onClick={onDone}>
          {m.settings.otherBrowserDone}
        </Button>
      </div>
    </>
  )
}

/** Whether no other computer reaches it. */
function isOwn(origin: string): boolean {
  return origin.startsWith('http:')
}
