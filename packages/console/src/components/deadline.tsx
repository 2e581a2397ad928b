import { countdownText } from '../durations.ts'
import { useHealth } from '../health.ts'
import { StaleAge } from './health-banner.tsx'
import { Icon } from './icon.tsx'

/** Less than this is left: it is highlighted, ms. */
const SOON_MS = 5 * 60_000

/** A deadline may be this old before it counts as overdue, ms. */
const SERVED_WITHIN_MS = 2_000

/** What is left of a deadline, for lists: loud when it is near or past. `now` is the server's time, ms. */
export function Deadline({ deadlineAt, now }: { deadlineAt: string | null; now: number }) {
  const { trouble } = useHealth()
  if (deadlineAt === null) return <span className="text-muted">—</span>
  const left = Date.parse(deadlineAt) - now
  if (trouble !== null)
    return (
      <span className="whitespace-nowrap text-muted">
        <span className="figures">{countdownText(Math.abs(left))}</span>
        {left < 0 ? ' over' : ''} <StaleAge />
      </span>
    )
  if (left < -SERVED_WITHIN_MS)
    return (
      <strong className="inline-flex items-center gap-1 whitespace-nowrap text-danger">
        <Icon name="warning" /> <span className="figures">{countdownText(-left)} over</span>
      </strong>
    )
  const soon = left < SOON_MS
  return (
    <span
      className={`figures inline-flex items-center gap-1 whitespace-nowrap ${soon ? 'font-semibold text-danger' : ''}`}
    >
      {soon ? <Icon name="clock" /> : null}
      {countdownText(left)}
    </span>
  )
}
