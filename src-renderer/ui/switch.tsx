import * as Radix from '@radix-ui/react-switch'

export function Switch({
  label,
  checked,
  onChange,
  disabled,
  describedBy,
}: {
  label: string
  checked: boolean
  onChange(checked: boolean): void
  disabled?: boolean
  describedBy?: string | undefined
}) {
  return (
    <Radix.Root
      className="switch"
      aria-label={label}
      aria-describedby={describedBy}
      checked={checked}
      onCheckedChange={onChange}
      disabled={disabled ?? false}
    >
      <Radix.Thumb className="switch-thumb" />
    </Radix.Root>
  )
}
