import { Globe, House, Mail, MailX, Scale } from 'lucide-react'
import { m } from '../../messages/index.ts'

/** What sharing means, before anybody can turn it on. */
export function Meaning({ allowMail }: { allowMail: boolean }) {
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
        <li data-tone={allowMail ? 'amber' : 'green'}>
          {allowMail ? <Mail size={18} aria-hidden /> : <MailX size={18} aria-hidden />}
          {allowMail ? m.share.canMail : m.share.cannotMail}
        </li>
        <li data-tone="amber">
          <Scale size={18} aria-hidden />
          {m.share.yours}
        </li>
      </ul>
    </section>
  )
}
