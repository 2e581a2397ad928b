import { useId } from 'react'

interface TextFieldProps {
  label: string
  value: string
  onChange: (text: string) => void
  hint?: string
  required?: boolean
  /** Lines of the field; one is a plain field. */
  lines?: number
  /** Letters that it takes. */
  max?: number
}

/** A field for words, with its name above it. */
export function TextField({
  label,
  value,
  onChange,
  hint,
  required = false,
  lines = 1,
  max = 1_000,
}: TextFieldProps) {
  const id = useId()
  const about = useId()
  const props = {
    id,
    value,
    required,
    maxLength: max,
    ...(hint === undefined ? {} : { 'aria-describedby': about }),
    className: 'touch w-full rounded-md border border-edge bg-surface px-2.5 py-1.5 placeholder:text-muted',
  }
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label}
      </label>
      {lines === 1 ? (
        <input {...props} onChange={({ target }) => onChange(target.value)} />
      ) : (
        <textarea {...props} rows={lines} onChange={({ target }) => onChange(target.value)} />
      )}
      {hint === undefined ? null : (
        <p id={about} className="mt-1 text-sm text-muted">
          {hint}
        </p>
      )}
    </div>
  )
}
