const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
}

/** Longest duration that is understood, 366 days: beyond it a typo is likelier than an intent. */
const DURATION_MAX_MS = 366 * 86_400_000

/**
 * Milliseconds of a duration as people write it: `30 min`, `30-minute`, `1 hour`, `1 hr`, `1h`, `90 min`, `14 days`,
 * `immediate`, `no wait`. Undefined for anything else, zero and negative amounts included.
 */
export function parseDuration(text: string): number | undefined {
  const words = text.trim().toLowerCase()
  if (words === 'immediate' || words === 'no wait') return 0
  const match = /^(\d+(?:\.\d+)?)[\s-]*([a-z]+)$/.exec(words)
  if (!match) return undefined
  const unit = UNIT_MS[match[2]!] ?? UNIT_MS[match[2]!.replace(/s$/, '')]
  if (unit === undefined) return undefined
  const ms = Math.round(Number(match[1]) * unit)
  return ms > 0 && ms <= DURATION_MAX_MS ? ms : undefined
}

/** A duration for people, at most two units: `450 ms`, `4.5 s`, `30 min`, `1 h 30 min`, `2 d`. */
export function formatDuration(ms: number): string {
  const abs = Math.abs(ms)
  const sign = ms < 0 ? '-' : ''
  if (abs < 1_000) return `${sign}${Math.round(abs)} ms`
  if (abs < 60_000) return `${sign}${Number((abs / 1_000).toFixed(1))} s`
  const parts: [number, string][] = [
    [Math.floor(abs / 86_400_000), 'd'],
    [Math.floor(abs / 3_600_000) % 24, 'h'],
    [Math.floor(abs / 60_000) % 60, 'min'],
    [Math.floor(abs / 1_000) % 60, 's'],
  ]
  const shown = parts.filter(([n]) => n > 0).slice(0, 2)
  return sign + shown.map(([n, unit]) => `${n} ${unit}`).join(' ')
}
