import { formatDuration, parseDuration } from '@esa/protocol'
import { useId, useState } from 'react'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const CHOICES = [30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 24 * HOUR]

interface DurationFieldProps {
  label: string
  value: number | null
  /** The longest that is allowed, ms. */
  max: number
  onChange: (ms: number | null) => void
}

/** How long: a few usual durations, or any other in words ("90 min"). Null while what is written is none. */
export function DurationField({ label, value, max, onChange }: DurationFieldProps) {
  const [text, setText] = useState('')
  const field = useId()
  const wrong = text !== '' && value === null
  return (
    <fieldset>
      <legend className="mb-1 font-medium">{label}</legend>
      <div className="flex flex-wrap gap-1.5">
        {CHOICES.filter((ms) => ms <= max).map((ms) => (
          <label
            key={ms}
            className="touch inline-flex cursor-pointer items-center rounded-md border border-edge px-2.5 has-checked:border-accent has-checked:bg-accent has-checked:text-on-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={field}
              className="sr-only"
              checked={text === '' && value === ms}
              onChange={() => {
                setText('')
                onChange(ms)
              }}
            />
            {formatDuration(ms)}
          </label>
        ))}
        <input
          aria-label="Another duration"
          aria-invalid={wrong}
          placeholder="or e.g. 90 min"
          value={text}
          onChange={({ target }) => {
            setText(target.value)
            const ms = parseDuration(target.value) ?? null
            onChange(ms !== null && ms > 0 && ms <= max ? ms : null)
          }}
          className="touch w-32 rounded-md border border-edge bg-surface px-2 placeholder:text-muted aria-invalid:border-danger"
        />
      </div>
      {wrong ? (
        <p role="alert" className="mt-1 text-sm text-danger">
          A duration such as “45 min” or “3 h”, at most {formatDuration(max)}.
        </p>
      ) : null}
    </fieldset>
  )
}
