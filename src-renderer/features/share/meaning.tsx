import { Globe, House, MailX, Scale } from 'lucide-react'
import { m } from '../../messages/index.ts'

/** What sharing means, before anybody can turn it on. */
export function Meaning() {
  return (
    <section className="card card-pad">
      <h2>{m.share.meansTitle}</h2>
      <ul className="meaning">
        <li>
          <Globe size={18} aria-hidden />
          {m.share.can}
        </li>
        <li data-tone="green">
          <House size={18} aria-hidden />
          {m.share.cannotHome}
        </li>
        <li data-tone="green">
          <MailX size={18} aria-hidden />
          {m.share.cannotMail}
        </li>
        <li data-tone="amber">
          <Scale size={18} aria-hidden />
          {m.share.yours}
        </li>
      </ul>
    </section>
  )
}
