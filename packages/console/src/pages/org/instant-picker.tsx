import { useId, useState } from 'react'
import { serverNow } from '../../clock.ts'
import { Button } from '../../components/button.tsx'
import { Icon } from '../../components/icon.tsx'
import { localTime } from '../../components/when.tsx'

const HOUR_MS = 3_600_000

/** Chooses an instant of the past. */
export function InstantPicker({ at, onChoose }: { at: string | undefined; onChoose: (at: string) => void }) {
  const field = useId()
  const [text, setText] = useState(() => inputOf(at))
  const earlier = (): void => {
    const instant = new Date((at === undefined ? serverNow() : Date.parse(at)) - HOUR_MS).toISOString()
    setText(inputOf(instant))
    onChoose(instant)
  }
  return (
    <form
      className="flex flex-wrap items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        const instant = new Date(text)
        if (!Number.isNaN(instant.getTime())) onChoose(instant.toISOString())
      }}
    >
      <label htmlFor={field} className="text-muted">
        As it was at
      </label>
      <input
        id={field}
        type="datetime-local"
        step="1"
        required
        value={text}
        onChange={({ target }) => setText(target.value)}
        className="touch min-w-0 rounded-md border border-edge bg-surface px-2 text-ink"
      />
      <Button type="submit">Show</Button>
      <Button look="quiet" onClick={earlier}>
        1 h earlier
      </Button>
    </form>
  )
}

/** Says that what is shown is not what is. */
export function PastNote({ at, onNow }: { at: string; onNow: () => void }) {
  return (
    <div
      role="status"
      className="mb-3 flex flex-wrap items-center gap-3 rounded-md border border-quiet bg-quiet-soft px-4 py-2 text-quiet"
    >
      <Icon name="clock" />
      <p className="grow">
        <strong>The past:</strong> as it was at {localTime(at)}, folded from the logs. Nothing here moves, and
        the chart is that of today.
      </p>
      <Button onClick={onNow}>Back to now</Button>
    </div>
  )
}

/** An instant as the field takes it: local time to the second. */
function inputOf(at: string | undefined): string {
  if (at === undefined) return ''
  const instant = new Date(at)
  if (Number.isNaN(instant.getTime())) return ''
  return new Date(instant.getTime() - instant.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}
