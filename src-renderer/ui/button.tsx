import { LoaderCircle } from 'lucide-react'
import type { ButtonHTMLAttributes, ReactNode } from 'react'

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  kind?: 'primary' | 'danger' | 'quiet'
  size?: 'large' | 'small'
  wide?: boolean
  /** The words shown while it works; the button cannot be pressed then. A spinner never stands alone. */
  busy?: string | false | undefined
  icon?: ReactNode
}

export function Button({ kind, size, wide, busy, icon, children, className, disabled, type, ...rest }: ButtonProps) {
  const classes = ['button', kind && `button-${kind}`, size && `button-${size}`, wide && 'button-wide', className]
  return (
    <button
      {...rest}
      type={type === 'submit' ? 'submit' : 'button'}
      className={classes.filter(Boolean).join(' ')}
      disabled={disabled || Boolean(busy)}
      data-busy={Boolean(busy)}
    >
      {busy ? <LoaderCircle className="spin" size={16} aria-hidden /> : icon}
      <span>{busy || children}</span>
    </button>
  )
}

export function IconButton({
  label,
  children,
  className,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { label: string }) {
  return (
    <button type="button" {...rest} className={`icon-button ${className ?? ''}`} aria-label={label} title={label}>
      {children}
    </button>
  )
}
