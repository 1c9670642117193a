import { m } from '../messages/index.ts'
import { LEAST_STRENGTH, passphraseStrength } from './passphrase-strength.ts'

/** Below the field of a new passphrase: how good it is, and what would be enough. */
export function StrengthMeter({ passphrase }: { passphrase: string }) {
  const strength = passphraseStrength(passphrase)
  const shown = passphrase !== ''
  return (
    <div className="strength" data-level={shown ? strength : undefined}>
      <div className="strength-bars" aria-hidden>
        {m.setup.strengths.map((name, level) => (
          <span key={name} data-on={shown && level <= strength} />
        ))}
      </div>
      <p className="field-hint" role="status">
        {shown ? (
          <>
            <span className="visually-hidden">{m.setup.strength}: </span>
            <strong>{m.setup.strengths[strength]}.</strong>{' '}
          </>
        ) : null}
        {shown && strength < LEAST_STRENGTH ? m.setup.strengthLeast : m.setup.strengthHint}
      </p>
    </div>
  )
}
