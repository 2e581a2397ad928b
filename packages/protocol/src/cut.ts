/**
 * At most `max` UTF-16 units of a text, cut between characters, with a sign that it was. Half of a surrogate pair is not a
 * character: no receiver can print it, and PostgreSQL's jsonb refuses the whole row.
 */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text
  const kept = text.slice(0, max - 1)
  return `${/[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept}…`
}
