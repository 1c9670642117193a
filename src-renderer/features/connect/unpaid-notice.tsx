import type { LiveSession } from '#shared/model/session.ts'
import { m } from '../../messages/index.ts'
import { said } from '../../messages/said.ts'
import { navigate } from '../../store/route.ts'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'

/**
 * That the session will end because nothing more can be paid, and what to do. It lies over the end of what scrolls, so that
 * nothing moves when it comes; its frame is there before it, so that it is read out, once.
 */
export function UnpaidNotice({ unpaid }: { unpaid: LiveSession['unpaid'] }) {
  const isBalance = unpaid?.reason === 'promise-not-covered'
  return (
    <div className="live-unpaid" role="status">
      {unpaid && (
        <Notice
          tone="amber"
          action={
            isBalance && (
              <Button size="small" onClick={() => navigate('wallet')}>
                {m.confirm.toWallet}
              </Button>
            )
          }
        >
          <strong>{m.live.unpaidTitle}</strong>
          <p>{isBalance ? m.live.unpaidBalance : m.live.unpaidOther(said(unpaid.message))}</p>
        </Notice>
      )}
    </div>
  )
}
