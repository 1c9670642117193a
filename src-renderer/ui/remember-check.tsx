import { m } from '../messages/index.ts'

/** Only where the node says that this computer's keychain can keep a passphrase. */
export function RememberCheck({
  available,
  checked,
  onChange,
}: {
  available: boolean
  checked: boolean
  onChange(checked: boolean): void
}) {
  if (!available) return null
  return (
    <label className="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>
        {m.unlock.remember}
        <span className="field-hint"> {m.unlock.rememberHint}</span>
      </span>
    </label>
  )
}
