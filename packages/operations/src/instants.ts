import { EsaError, parseDuration, parseInstant } from '@esa/protocol'

/** An instant as ISO 8601, or a duration from now on, ms since the Unix epoch. @throws EsaError `usage.OPTION` (terminal). */
export function instantOf(option: string, text: string, nowMs: number): number {
  const duration = parseDuration(text)
  const at = duration === undefined ? parseInstant(text) : nowMs + duration
  if (at !== undefined) return at
  throw wrongInstant(option, text, 'is not an instant')
}

/** What is wrong with an instant that was given. */
export function wrongInstant(option: string, text: string, why: string): EsaError {
  return new EsaError(`usage.${option}`, 'terminal', `--${option} ${text} ${why}`, {
    hint: 'like 2026-01-31T18:00:00Z, or 2h for two hours from now',
  })
}
