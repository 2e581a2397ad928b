import { distance } from 'fastest-levenshtein'
import { type Prose, sliceProse } from './prose.ts'

/** A line that begins with a label: what the label says, and the words behind it. */
export interface Labelled {
  label: Prose
  rest: Prose
}

/** Longest label that is looked at: longer words before a colon are a sentence. */
const LABEL_CHARS_MAX = 60

/** A label or heading reduced to its words, lower-case: emoji, marks and parentheses do not count. */
export function wordsOf(text: string): string {
  return text
    .replace(/\([^()]*\)/g, ' ')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** Splits a line at its label, bold or plain, before or after the colon; undefined when it has none. */
export function splitLabel(prose: Prose): Labelled | undefined {
  const first = prose.text.search(/[\p{L}\p{N}]/u)
  if (first < 0) return undefined
  let boldEnd = first
  while (prose.bold[boldEnd] === true) boldEnd += 1
  const colon = prose.text.indexOf(':', first)
  const inBold = colon >= 0 && colon <= boldEnd
  const end = boldEnd > first && !inBold ? boldEnd : colon
  if (end < 0 || end - first > LABEL_CHARS_MAX) return undefined
  return labelled(prose, first, end)
}

/** Splits a line at its first dash: how some cards set their labels apart. */
export function splitAtDash(prose: Prose): Labelled | undefined {
  const first = prose.text.search(/[\p{L}\p{N}]/u)
  const dash = /\s[–—-]\s|—/.exec(prose.text)
  if (first < 0 || !dash || dash.index <= first || dash.index - first > LABEL_CHARS_MAX) return undefined
  return labelled(prose, first, dash.index)
}

/** The candidate that a word was probably meant to be, or undefined when none is near. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LABEL_CHARS_MAX) return undefined
  let best: { candidate: string; far: number } | undefined
  for (const candidate of candidates) {
    const far = distance(word.toLowerCase(), candidate.toLowerCase())
    if (far <= Math.ceil(candidate.length / 3) && (!best || far < best.far)) best = { candidate, far }
  }
  return best?.candidate
}

function labelled(prose: Prose, start: number, end: number): Labelled {
  const gap = /^[\s:–—-]*/.exec(prose.text.slice(end))![0].length
  return { label: sliceProse(prose, start, end), rest: sliceProse(prose, end + gap) }
}
