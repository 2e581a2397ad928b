/** Hours, minutes and seconds as a countdown shows them: `29:41`, `1:02:09`, and days before them where there are any. */
export function countdownText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const two = (n: number): string => String(n).padStart(2, '0')
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  const clock =
    days > 0 || hours > 0
      ? `${days > 0 ? two(hours) : hours}:${two(minutes)}:${two(seconds % 60)}`
      : `${minutes}:${two(seconds % 60)}`
  return days > 0 ? `${days} d ${clock}` : clock
}

/** How late something was, ms: `340 ms`, `2.1 s`, `4 min`. */
export function lateText(ms: number): string {
  if (ms < 1_000) return `${ms} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms < 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}

const MINUTE = { hour: '2-digit', minute: '2-digit' } as const
const SECOND = { ...MINUTE, second: '2-digit' } as const
const DAY = { weekday: 'short', day: 'numeric', month: 'short' } as const
const SHORT_DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric' })
const TODAY = new Intl.DateTimeFormat('en-GB', MINUTE)
const TODAY_EXACT = new Intl.DateTimeFormat('en-GB', SECOND)
const OTHER_DAY = new Intl.DateTimeFormat('en-GB', { ...DAY, ...MINUTE })
const OTHER_DAY_EXACT = new Intl.DateTimeFormat('en-GB', { ...DAY, ...SECOND })

/** A time of day in the reader's own zone, to the second if `exact`, with its day where that is not `now`'s: `16:05`, `Thu 26 Nov, 16:05`. */
export function clockText(at: number, now: number, exact = false): string {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString()
  const format = sameDay ? (exact ? TODAY_EXACT : TODAY) : exact ? OTHER_DAY_EXACT : OTHER_DAY
  return format.format(at)
}

/** A day in the reader's own zone, short: `Thu 26`. */
export function dayText(at: number): string {
  return SHORT_DAY.format(at)
}
