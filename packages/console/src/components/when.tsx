import { useServerNow } from '../clock.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How far off an instant is, in its largest unit: `in 29 min`, `3 h ago`, `just now`. */
export function relative(at: string, nowMs: number): string {
  const left = Date.parse(at) - nowMs
  const far = Math.abs(left)
  if (far < 5_000) return 'just now'
  const said =
    far < MINUTE_MS
      ? `${Math.floor(far / 1_000)} s`
      : far < HOUR_MS
        ? `${Math.floor(far / MINUTE_MS)} min`
        : far < DAY_MS
          ? `${Math.floor(far / HOUR_MS)} h`
          : `${Math.floor(far / DAY_MS)} d`
  return left > 0 ? `in ${said}` : `${said} ago`
}

/** An instant in the reader's own time zone, short. */
export function localTime(at: string): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
}

/** An instant: how far off it is by the server's clock, and on a second look when exactly. */
export function When({ at, exact = false }: { at: string; exact?: boolean }) {
  const now = useServerNow(1_000)
  return (
    <time dateTime={at} title={at} className="figures whitespace-nowrap">
      {exact ? `${localTime(at)} (${relative(at, now)})` : relative(at, now)}
    </time>
  )
}
