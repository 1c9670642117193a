import './settings.css'
import { m } from '../../messages/index.ts'
import { About } from './about.tsx'
import { Browsers } from './browsers.tsx'
import { Diagnostics } from './diagnostics.tsx'
import { Identities } from './identities.tsx'
import { Language } from './language.tsx'
import { Network } from './network.tsx'
import { Programs } from './programs/programs.tsx'
import { Protection } from './protection.tsx'
import { Start } from './start.tsx'

export function Settings() {
  return (
    <div className="screen">
      <h1>{m.settings.title}</h1>
      <Protection />
      <Start />
      <Programs />
      <Language />
      <Identities />
      <Browsers />
      <Network />
      <Diagnostics />
      <About />
    </div>
  )
}
