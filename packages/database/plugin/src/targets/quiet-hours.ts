import { EsaError } from '@esa/protocol'

const QUIET = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/

/** True for `22:00-06:00`: hours of the day, in the time zone of this machine, that may pass midnight. */
export function isQuietHours(text: string): boolean {
  const match = QUIET.exec(text)
  return match !== null && match.slice(1, 3).join() !== match.slice(3).join()
}

/** When the quiet hours that `now` lies in end, as `06:00`; null outside of them. The end itself is not quiet. */
export function quietUntil(quiet: string, now: Date): string | null {
  const [from, to] = quiet.split('-') as [string, string]
  const time = `${two(now.getHours())}:${two(now.getMinutes())}`
  const inside = from < to ? time >= from && time < to : time >= from || time < to
  return inside ? to : null
}

/**
 * Refuses heavy work in a target's quiet hours; reading goes on.
 * @throws EsaError `target.quiet` (transient) that says until when.
 */
export function requireLoudHours(target: string, quiet: string | null, work: string, now: Date): void {
  const until = quiet === null ? null : quietUntil(quiet, now)
  if (until === null) return
  throw new EsaError(
    'target.quiet',
    'transient',
    `${target} has quiet hours until ${until}: no ${work} now`,
    {
      hint: `run it again at ${until}, or change the hours: esa targets add ${target} ... --quiet HH:MM-HH:MM`,
      details: { until, quiet },
    },
  )
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}
