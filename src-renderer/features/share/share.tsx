import './share.css'
import { useEffect, useId, useRef, useState } from 'react'
import type { ShareState } from '#shared/contract/state.ts'
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
import { Interrupted } from './interrupted.tsx'
import { Meaning } from './meaning.tsx'
import { ShareNotReady, whyNotShare } from './not-ready.tsx'
import { Reach } from './reach.tsx'
import { Running } from './running.tsx'
import { StillListed } from './still-listed.tsx'
import { acceptTerms, checkTerms, defaultTerms, errorsLeft, type TermsErrors, typedTerms } from './terms.ts'
import { TermsForm } from './terms-form.tsx'

export function Share() {
  const share = useNode((state) => state.share)
  const ready = useNode(readiness)
  const { active, unlocked } = useNode((state) => state.identity)
  const capabilities = useNode((state) => state.capabilities)
  const [form, setForm] = useRemembered('share', defaultTerms(), acceptTerms)
  const [errors, setErrors] = useState<TermsErrors>({})
  const [refused, setRefused] = useState(0)
  const [startedFrom, setStartedFrom] = useState<'switch' | 'form'>('switch')
  const [asking, setAsking] = useState(false)
  const [changing, setChanging] = useState(false)
  const heading = useRef<HTMLHeadingElement>(null)
  const isForm = share.state === 'off' || changing
  const hadForm = useRef(isForm)
  const isKept = useRef(false)
  useEffect(() => {
    const isLost = document.activeElement === document.body || document.activeElement === null
    if (hadForm.current && !isForm && isLost && !isKept.current) {
      // The form went, and with it where one was: what became of it is told at the top.
      heading.current?.focus({ preventScroll: true })
      heading.current?.closest('.screen')?.scrollIntoView({ block: 'start' })
    }
    hadForm.current = isForm
  }, [isForm])
  const start = useCommand('share.start')
  const stop = useCommand('share.stop')
  const why = useNode(whyNotShare)
  const whyId = useId()
  const may = why === undefined
  // What is announced only now cannot be found yet.
  const shownState = share.state === 'on' && isComing(share.services) ? 'starting' : share.state
  const pause = shownState === 'on' ? share.closed : undefined
  const moving = share.state === 'starting' || share.state === 'stopping' || start.running || stop.running

  const check = (terms: typeof form) =>
    checkTerms(terms, { openvpn: capabilities.openvpn.available, socks: capabilities.socks.available })
  const turn = (on: boolean, from: typeof startedFrom) => {
    setStartedFrom(from)
    if (!on) {
      setChanging(false)
      if (share.sessions.length > 0) setAsking(true)
      else void stop.run({})
      return
    }
    const checked = check(form)
    setErrors(checked.ok ? {} : checked.errors)
    if (!checked.ok) setRefused(refused + 1)
    else
      void start
        .run({ ...checked.input, ...(changing && { instead: true }) })
        .then((done) => done && setChanging(false))
  }

  return (
    <div className="screen">
      <header className="card card-pad share-head" data-state={pause ? 'paused' : share.state}>
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {m.share.switch}
          </h1>
          <p className="muted" aria-live="polite">
            <strong className="share-state">{pause ? m.share.paused : m.share.states[shownState]}</strong>{' '}
            {pause
              ? (pause.reason === 'outside-hours' ? m.share.closedHours : m.share.closedVolume)(
                  formatDateTime(pause.untilMs),
                )
              : m.share.stateTexts[shownState]}
          </p>
        </div>
        <Switch
          label={m.share.switch}
          checked={share.state === 'on' || share.state === 'starting'}
          onChange={(on) => turn(on, 'switch')}
          describedBy={share.state === 'off' && !may ? whyId : undefined}
          disabled={moving || (!may && share.state === 'off')}
        />
      </header>
      <ErrorNotice error={(startedFrom === 'switch' ? start.error : undefined) ?? stop.error} />
      {share.message && <Notice tone="amber">{said(share.message)}</Notice>}
      <Interrupted may={may} />
      {active && <StillListed />}
      {share.state === 'off' && !may && (
        <div id={whyId}>
          <ShareNotReady />
        </div>
      )}
      {active && <Earnings />}
      {unlocked && <Clients />}
      {(ready === 'ready' || ready === 'no-balance') && <Reach />}
      {isForm ? (
        <>
          {!changing && <Meaning allowMail={form.allowMail} />}
          <TermsForm
            form={form}
            errors={errors}
            refused={refused}
            busy={start.running}
            why={why}
            error={startedFrom === 'form' ? start.error : undefined}
            change={
              changing
                ? {
                    text: m.share.changeText(counted(share.sessions.length)),
                    onCancel: () => {
                      isKept.current = true
                      setErrors({})
                      setChanging(false)
                    },
                  }
                : undefined
            }
            onChange={(next) => {
              setForm(next)
              setErrors(errorsLeft(errors, form, next))
            }}
            onLeave={(field) => {
              const checked = check(form)
              setErrors({ ...errors, [field]: checked.ok ? undefined : checked.errors[field] })
            }}
            onStart={() => turn(true, 'form')}
          />
        </>
      ) : (
        <Running
          mayChange={share.state === 'on' && !moving}
          focus={isKept.current}
          onChange={() => {
            isKept.current = false
            if (share.terms) setForm(typedTerms(share.terms))
            setChanging(true)
          }}
        />
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

/** Nothing is announced yet, and something is on its way. */
const isComing = (services: ShareState['services']) =>
  services.some(({ state }) => state === 'starting') && services.every(({ state }) => state !== 'announced')
