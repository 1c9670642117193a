import './share.css'
import { useState } from 'react'
import { counted, formatDateTime } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
import { useNode } from '../../store/node-context.tsx'
import { readiness } from '../../store/readiness.ts'
import { useRemembered } from '../../store/remembered.ts'
import { useCommand } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNotice, Notice } from '../../ui/notice.tsx'
import { Switch } from '../../ui/switch.tsx'
import { Clients } from './clients.tsx'
import { Earnings } from './earnings.tsx'
import { Meaning } from './meaning.tsx'
import { ShareNotReady } from './not-ready.tsx'
import { Reach } from './reach.tsx'
import { Running } from './running.tsx'
import { acceptTerms, checkTerms, defaultTerms, guessCountry, type TermsErrors } from './terms.ts'
import { TermsForm } from './terms-form.tsx'

export function Share() {
  const share = useNode((state) => state.share)
  const ready = useNode(readiness)
  const { active, unlocked } = useNode((state) => state.identity)
  const capabilities = useNode((state) => state.capabilities)
  const [form, setForm] = useRemembered(
    'share',
    { ...defaultTerms(), country: guessCountry(navigator.language) },
    acceptTerms,
  )
  const [errors, setErrors] = useState<TermsErrors>({})
  const [asking, setAsking] = useState(false)
  const start = useCommand('share.start')
  const stop = useCommand('share.stop')
  const may = ready === 'ready' || ready === 'no-balance'
  const moving = share.state === 'starting' || share.state === 'stopping' || start.running || stop.running

  const turn = (on: boolean) => {
    if (!on) {
      if (share.sessions.length > 0) setAsking(true)
      else void stop.run({})
      return
    }
    const checked = checkTerms(form, {
      openvpn: capabilities.openvpn.available,
      socks: capabilities.socks.available,
    })
    setErrors(checked.ok ? {} : checked.errors)
    if (checked.ok) void start.run(checked.input)
  }

  return (
    <div className="screen">
      <header className="card card-pad share-head" data-state={share.state}>
        <div>
          <h1>{m.share.switch}</h1>
          <p className="muted" aria-live="polite">
            <strong className="share-state">{m.share.states[share.state]}</strong> {m.share.stateTexts[share.state]}
          </p>
        </div>
        <Switch
          label={m.share.switch}
          checked={share.state === 'on' || share.state === 'starting'}
          onChange={turn}
          disabled={moving || (!may && share.state === 'off')}
        />
      </header>
      <ErrorNotice error={start.error ?? stop.error} />
      {share.message && <Notice tone="amber">{said(share.message)}</Notice>}
      {share.closed && (
        <Notice tone="amber">
          {(share.closed.reason === 'outside-hours' ? m.share.closedHours : m.share.closedVolume)(
            formatDateTime(share.closed.untilMs),
          )}
        </Notice>
      )}
      {share.state === 'off' && !may && <ShareNotReady ready={ready} />}
      {active && <Earnings />}
      {unlocked && <Clients />}
      {may && <Reach />}
      {share.state === 'off' ? (
        <>
          <Meaning allowMail={form.allowMail} />
          <TermsForm
            form={form}
            errors={errors}
            busy={start.running}
            disabled={!may}
            onChange={(next) => {
              setForm(next)
              setErrors({})
            }}
            onStart={() => turn(true)}
          />
        </>
      ) : (
        <Running />
      )}
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        title={m.share.stopTitle}
        text={m.share.stopText(counted(share.sessions.length))}
      >
        <div className="dialog-actions">
          <Button onClick={() => setAsking(false)}>{m.share.keep}</Button>
          <Button
            kind="danger"
            onClick={() => {
              setAsking(false)
              void stop.run({})
            }}
          >
            {m.share.stop}
          </Button>
        </div>
      </Dialog>
    </div>
  )
}
