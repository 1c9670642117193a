import * as Radix from '@radix-ui/react-switch'

export function Switch({
  label,
  checked,
  onChange,
  disabled,
}: {
  label: string
  checked: boolean
  onChange(checked: boolean): void
  disabled?: boolean
}) {
  return (
    <Radix.Root
      className="switch"
      aria-label={label}
      checked={checked}
      onCheckedChange={onChange}
      disabled={disabled ?? false}
    >
      <Radix.Thumb className="switch-thumb" />
    </Radix.Root>
  )
}
