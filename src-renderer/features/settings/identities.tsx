import { Download, KeyRound } from 'lucide-react'
import { useState } from 'react'
import type { IdentityId } from '#shared/model/identity.ts'
import { shortId } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode } from '../../store/node-context.tsx'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { IdentityLabel } from '../../ui/identity-label.tsx'
import { ErrorNotice, Notice } from '../../ui/notice.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { ChangePassphrase } from './change-passphrase.tsx'
import { CheckBackup } from './check-backup.tsx'

export function Identities() {
  const all = useNode((state) => state.identity.all)
  const active = useNode((state) => state.identity.active)
  const exported = useCommand('identity.export')
  const [dialog, setDialog] = useState<'check' | IdentityId>()
  const [done, setDone] = useState<'checked' | 'changed'>()
  const close = () => setDialog(undefined)
  const open = (next: 'check' | IdentityId) => {
    setDone(undefined)
    setDialog(next)
  }

  const save = async (id: IdentityId) => {
    const answer = await exported.run({ id })
    if (answer) saveFile(answer.ok.fileName, answer.ok.keystore)
  }

  return (
    <section className="section">
      <h2>{m.settings.identities}</h2>
      <div className="card settings-list">
        {all.length === 0 ? (
          <p className="setting muted">{m.settings.identitiesNone}</p>
        ) : (
          <ul>
            {all.map(({ id, backedUp, backedUpBefore }) => (
              <li key={id} className="setting">
                <div className="setting-text setting-identity">
                  <IdentityLabel id={id} size={22} />
                  {id === active && all.length > 1 && <span className="tag">{m.settings.active}</span>}
                  <span className={`tag ${backedUp ? 'tag-green' : 'tag-amber'}`}>
                    {backedUp
                      ? m.settings.backedUp
                      : backedUpBefore
                        ? m.settings.backedUpBefore
                        : m.settings.notBackedUp}
                  </span>
                  {backedUpBefore && <p className="muted">{m.settings.backedUpBeforeText}</p>}
                </div>
                <div className="setting-control">
                  <Button
                    size="small"
                    icon={<Download size={15} aria-hidden />}
                    aria-label={m.settings.saveBackupOf(shortId(id))}
                    disabled={exported.running}
                    onClick={() => void save(id)}
                  >
                    {m.settings.saveBackup}
                  </Button>
                  <Button
                    size="small"
                    icon={<KeyRound size={15} aria-hidden />}
                    aria-label={m.settings.passphraseOf(shortId(id))}
                    onClick={() => open(id)}
                  >
                    {m.settings.passphrase}
                  </Button>
                </div>
              </li>
            ))}
          </ul>
        )}
        {all.length > 0 && (
          <div className="setting">
            <p className="setting-text muted">{m.setup.proveText}</p>
            <div className="setting-control">
              <Button size="small" onClick={() => open('check')}>
                {m.settings.checkBackup}
              </Button>
            </div>
          </div>
        )}
      </div>
      <ErrorNotice error={exported.error} />
      {done && (
        <Notice tone="green" live>
          {done === 'checked' ? m.settings.checkBackupDone : m.settings.passphraseDone}
        </Notice>
      )}
      <Dialog open={dialog === 'check'} onClose={close} title={m.settings.checkBackup} text={m.setup.proveText}>
        <CheckBackup
          onDone={() => {
            setDone('checked')
            close()
          }}
          onCancel={close}
        />
      </Dialog>
      <Dialog
        open={dialog !== undefined && dialog !== 'check'}
        onClose={close}
        title={m.settings.passphrase}
        text={m.settings.passphraseText}
      >
        {dialog !== undefined && dialog !== 'check' && (
          <ChangePassphrase
            id={dialog}
            onDone={() => {
              setDone('changed')
              close()
            }}
            onCancel={close}
          />
        )}
      </Dialog>
    </section>
  )
}
