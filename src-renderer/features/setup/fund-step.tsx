import { Check, CircleX, LoaderCircle } from 'lucide-react'
import { useState } from 'react'
import type { MystError } from '#shared/errors/myst-error.ts'
import { formatAmount } from '../../messages/format.ts'
import { m } from '../../messages/index.ts'
import { useNode, useNodeParts } from '../../store/node-context.tsx'
import { hasNetwork, takesMoney } from '../../store/takes-money.ts'
import { asMystError } from '../../store/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice } from '../../ui/notice.tsx'
import { FundAddress } from './fund-address.tsx'
import { FIRST_DEPOSIT, type FundingTask, fundAndRegister } from './funding.ts'

type Progress = { task?: FundingTask; running: boolean; error?: MystError }

/** Nobody is asked for anything before the network said what it costs. */
export function FundStep({ onBusy }: { onBusy(busy: boolean): void }) {
  const [isBusy, setIsBusy] = useState(false)
  const isOpen = useNode(takesMoney)
  const isChosen = useNode(hasNetwork)
  const tell = (busy: boolean) => {
    setIsBusy(busy)
    onBusy(busy)
  }
  if (isOpen || isBusy) return <Fund onBusy={tell} />
  return (
    <section className="setup-step">
      <h1>{m.setup.fundTitle}</h1>
      <p className="muted">{isChosen ? m.setup.fundUnknown : m.setup.fundNoNetwork}</p>
    </section>
  )
}

/** One button on a test network, an address to send to on a real one. */
function Fund({ onBusy }: { onBusy(busy: boolean): void }) {
  const { bridge, mirror } = useNodeParts()
  const local = useNode((state) => state.network.local)
  const wallet = useNode((state) => state.wallet)
  const registered = useNode((state) => state.identity.registration === 'registered')
  const [progress, setProgress] = useState<Progress>({ running: false })

  const start = async () => {
    setProgress({ running: true })
    onBusy(true)
    try {
      await fundAndRegister(
        { bridge, mirror, onTask: (task) => setProgress({ running: true, task }) },
        { faucet: local },
      )
      setProgress((before) => ({ ...before, running: false }))
    } catch (error) {
      setProgress((before) => ({ ...before, running: false, error: asMystError(error) }))
    } finally {
      onBusy(false)
    }
  }

  const enough = registered ? wallet.undeposited > 0n : wallet.undeposited >= wallet.registrationFee && wallet.gas > 0n
  const tasks: FundingTask[] = local ? ['faucet', 'register', 'deposit'] : ['register', 'deposit']
  return (
    <section className="setup-step">
      <h1>{m.setup.fundTitle}</h1>
      <p className="muted">{m.setup.fundText(formatAmount(wallet.registrationFee))}</p>
      {local ? <p className="muted">{m.setup.fundLocalText(formatAmount(FIRST_DEPOSIT))}</p> : <FundAddress />}
      {(progress.running || progress.error) && (
        <Tasks tasks={tasks} current={progress.task ?? tasks[0]} failed={progress.error !== undefined} />
      )}
      <ErrorNotice error={progress.error} />
      <Button
        kind="primary"
        size="large"
        wide
        disabled={!local && !enough}
        busy={progress.running && m.setup.confirming}
        onClick={() => void start()}
      >
        {local ? m.setup.fundLocal : enough ? m.setup.registerAndDeposit : m.setup.waitingForFunds}
      </Button>
    </section>
  )
}

function Tasks({
  tasks,
  current,
  failed,
}: {
  tasks: FundingTask[]
  current: FundingTask | undefined
  failed: boolean
}) {
  const at = current ? tasks.indexOf(current) : 0
  return (
    <ol className="setup-tasks" aria-live="polite">
      {tasks.map((task, index) => {
        const state = index < at ? 'done' : index > at ? 'waiting' : failed ? 'failed' : 'running'
        return (
          <li key={task} data-state={state}>
            {state === 'done' && <Check size={16} aria-label={m.setup.taskDone} />}
            {state === 'running' && <LoaderCircle className="spin" size={16} aria-label={m.setup.taskRunning} />}
            {state === 'failed' && <CircleX size={16} aria-label={m.setup.taskFailed} />}
            {state === 'waiting' && <span className="dot" role="img" aria-label={m.setup.taskWaiting} />}
            {m.setup.tasks[task]}
          </li>
        )
      })}
    </ol>
  )
}
