import { useRef } from 'react'
import { useHotkeys } from '../hotkeys.ts'
import { Icon } from './icon.tsx'

/** A field that filters what is on the page; `/` leads to it. */
export function SearchField({
  label,
  text,
  onText,
}: {
  label: string
  text: string
  onText: (text: string) => void
}) {
  const field = useRef<HTMLInputElement>(null)
  useHotkeys({ '/': () => field.current?.focus() })
  return (
    <label className="touch inline-flex min-w-0 items-center gap-2 rounded-md border border-edge bg-surface px-2 focus-within:outline-2 focus-within:outline-accent">
      <Icon name="search" className="text-muted" />
      <span className="sr-only">{label}</span>
      <input
        ref={field}
        type="search"
        value={text}
        placeholder={label}
        aria-keyshortcuts="/"
        onChange={({ target }) => onText(target.value)}
        onKeyDown={({ key, currentTarget }) => {
          if (key === 'Escape') currentTarget.blur()
        }}
        className="min-w-0 bg-transparent outline-none placeholder:text-muted"
      />
    </label>
  )
}
