import { m } from '../../messages/index.ts'
import { useQuote } from '../../store/use-quote.ts'
import { Fees } from '../../ui/fees.tsx'

/** What offering so many services takes from the ether; asked for only where somebody could pay it. */
export function AnnounceFees({ services }: { services: number }) {
  const quote = useQuote({ what: 'announce', services })
  return (
    <div className="announce-fees">
      <p className="field-hint">{m.share.announceFees}</p>
      <Fees quote={quote} />
    </div>
  )
}
