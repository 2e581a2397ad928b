/** Integer ms since the Unix epoch as ISO 8601 UTC with milliseconds: `2026-11-24T09:00:00.000Z`. */
export function isoTime(ms: number): string {
  // oxlint-disable-next-line no-restricted-globals -- a conversion of its argument, not a clock
  return new Date(ms).toISOString()
}
