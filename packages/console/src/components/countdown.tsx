import { useEffect, useRef, useState } from 'react'
import { useServerNow } from '../clock.ts'
import { sentence } from '../agent-names.ts'
import { useHealth } from '../health.ts'
import { StaleAge } from './health-banner.tsx'
import { clockText, countdownText } from '../durations.ts'

/** What is left when a screen reader speaks, ms: more often would talk over everything else. */
const SPOKEN_AT_MS = [10 * 60_000, 60_000]

/** A deadline may be this old before it counts as overdue, ms: the promise for serving one is a second. */
const SERVED_WITHIN_MS = 2_000

interface CountdownProps {
  /** The deadline, ms since the Unix epoch by the server's clock. */
  dueAt: number
  /** Who or what comes then: "Chief #1". */
  what: string
  /** Its state until then: "Layer 2 has it". */
  standing?: string | undefined
}

/** The big countdown by the server's clock: "Chief #1 in 29:41". */
export function Countdown({ dueAt, what, standing }: CountdownProps) {
  // A second that is missed by little would show as two.
  const now = useServerNow(250)
  const left = dueAt - now
  const overdue = left < -SERVED_WITHIN_MS
  const { trouble } = useHealth()
  return (
    <div className="min-w-0">
      <p
        role="timer"
        data-stale={trouble !== null}
        className={`text-2xl leading-tight sm:text-4xl ${trouble === null ? '' : 'text-muted'}`}
      >
        <span className="font-medium">{sentence(what)}</span>{' '}
        {left > 0 ? (
          <>
            in{' '}
            <strong className="figures font-mono font-semibold tracking-tight">{countdownText(left)}</strong>
          </>
        ) : overdue ? (
          <strong className={trouble === null ? 'text-danger' : ''}>overdue by {countdownText(-left)}</strong>
        ) : (
          <strong>now</strong>
        )}
      </p>
      <p className="mt-0.5 text-muted">
        <StaleAge />
        {overdue
          ? 'No worker has served this deadline. It is late, not lost: start one with esa up.'
          : `${standing === undefined ? 'At' : `${sentence(standing)}. At`} ${clockText(dueAt, now, true)}, by the server’s clock`}
      </p>
      <Spoken left={left} what={what} />
    </div>
  )
}

/** Says what is left at ten minutes, at one minute, and when something else comes next; silent in between. */
function Spoken({ left, what }: { left: number; what: string }) {
  const [said, setSaid] = useState('')
  const before = useRef({ left, what })
  useEffect(() => {
    const { left: leftBefore, what: whatBefore } = before.current
    before.current = { left, what }
    const passed = SPOKEN_AT_MS.some((at) => leftBefore > at && left <= at)
    if (what !== whatBefore || passed) setSaid(`${sentence(what)} in ${spokenText(left)}`)
  }, [left, what])
  return (
    <span aria-live="polite" className="sr-only">
      {said}
    </span>
  )
}

function spokenText(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  return minutes < 1 ? 'less than a minute' : minutes === 1 ? 'one minute' : `${minutes} minutes`
}
