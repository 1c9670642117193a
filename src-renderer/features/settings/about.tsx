import { license, version } from '../../../package.json'
import { m } from '../../messages/index.ts'
import { Updates } from './updates.tsx'

export function About() {
  return (
    <section className="section">
      <h2>{m.settings.about}</h2>
      <dl className="card card-pad facts">
        <div>
          <dt>{m.settings.version}</dt>
          <dd>
            {m.app.name} {version}
          </dd>
        </div>
        <div>
          <dt>{m.settings.licence}</dt>
          <dd>{license}</dd>
        </div>
      </dl>
      <Updates />
    </section>
  )
}
