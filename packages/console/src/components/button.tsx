import type { ButtonHTMLAttributes } from 'react'
import { useBlocked } from '../health.ts'
import { Icon, type IconName } from './icon.tsx'

const LOOKS = {
  plain: 'border-edge bg-surface text-ink hover:bg-raised',
  primary: 'border-accent bg-accent text-on-accent hover:brightness-110',
  danger: 'border-danger bg-surface text-danger hover:bg-danger-soft',
  quiet: 'border-transparent text-ink hover:bg-raised',
} as const

/** How loud a button is. */
type ButtonLook = keyof typeof LOOKS

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: ButtonLook
  icon?: IconName
  /** The key that does the same, shown where there is a keyboard. */
  hotkey?: string
  /** It changes something on the server: off, with the reason, while that does not answer. A submitting button always does. */
  acts?: boolean
}

/** A button; 44 px high under a finger. */
export function Button(props: ButtonProps) {
  const { look = 'plain', icon, hotkey, acts, children, className = '', ...rest } = props
  const blocked = useBlocked()
  const off = blocked !== null && (acts === true || rest.type === 'submit')
  return (
    <button
      type="button"
      data-look={look}
      className={`touch inline-flex items-center justify-center gap-1.5 rounded-md border px-3 py-1 font-medium whitespace-nowrap disabled:opacity-50 ${LOOKS[look]} ${className}`}
      {...(hotkey === undefined ? {} : { 'aria-keyshortcuts': hotkey })}
      {...rest}
      {...(off ? { disabled: true, title: blocked } : {})}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
      {hotkey === undefined ? null : (
        <kbd
          aria-hidden="true"
          className="ml-1 hidden rounded border border-current px-1 font-mono text-xs opacity-70 sm:pointer-fine:inline"
        >
          {hotkey}
        </kbd>
      )}
    </button>
  )
}
