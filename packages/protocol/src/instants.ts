import * as z from 'zod'

const instant = z.iso.datetime({ offset: true })

/**
 * An instant in ISO 8601 with its zone, like `2026-01-31T18:00:00Z`, as ms since the Unix epoch. Seconds may be missing.
 * Undefined for anything else: a day that no month has, or a time that would be another one elsewhere.
 */
export function parseInstant(text: string): number | undefined {
  const whole = text.replace(/(T\d{2}:\d{2})(Z|[+-]\d{2}:\d{2})$/, '$1:00$2')
  // oxlint-disable-next-line no-restricted-globals -- a conversion of its argument, not a clock
  return instant.safeParse(whole).success ? Date.parse(whole) : undefined
}

/** Integer ms since the Unix epoch as ISO 8601 UTC with milliseconds: `2026-11-24T09:00:00.000Z`. */
export function isoTime(ms: number): string {
  // oxlint-disable-next-line no-restricted-globals -- a conversion of its argument, not a clock
  return new Date(ms).toISOString()
}
