import { parseDuration } from '@esa/protocol'
import { distance } from 'fastest-levenshtein'

/** A parenthesis of a text: indexes of its brackets, and the text between them. */
export interface Parenthesis {
  start: number
  /** One past the closing bracket, or the text's end when there is none. */
  end: number
  content: string
  closed: boolean
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Units as a suggestion spells them, with the spellings people use. */
const UNITS: Record<string, string[]> = {
  min: ['min', 'mins', 'minute', 'minutes'],
  hour: ['hour', 'hours', 'hr', 'hrs'],
  day: ['day', 'days'],
  sec: ['sec', 'secs', 'second', 'seconds'],
}

/** Lengths of time that no wait is written in, in days: known only to suggest what is. */
const LONG_UNIT_DAYS: Record<string, number> = { week: 7, fortnight: 14, month: 30 }

const NUMBER_WORDS: Record<string, string> = { a: '1', an: '1', one: '1', two: '2', three: '3', half: '0.5' }

const TIME_WORD =
  /\b(?:waits?|waiting|min|mins|minutes?|hours?|hrs?|days?|weeks?|fortnights?|months?|years?|secs?|seconds?)\b/i
const VAGUE_WORD =
  /^(?:immediately|immediat\w*|instant(?:ly)?|at once|right away|asap|now|soon|later|shortly|eventually|promptly|none|never|tbd|no delay)[.!]?$/i
/** A whole parenthesis such as "30 mni", "-5 min" or "0": anywhere in a line, it was meant as a wait. */
const AMOUNT = /^[-+~≈<>]?\s*\d+(?:[.,]\d+)?\s*-?\s*\p{L}*\.?$/u

/** Milliseconds of a wait as a card writes it, with or without the word "wait"; 0 is immediate, undefined unreadable. */
export function readWait(content: string): number | undefined {
  const words = content.replace(/\s+/g, ' ').trim()
  return parseDuration(words) ?? parseDuration(words.replace(/^wait:? /i, '').replace(/[ -]wait$/i, ''))
}

/**
 * Whether a parenthesis was meant as a wait though none can be read in it. The one that ends a line is where
 * waits stand, so there any number or word of time counts; elsewhere only a bare amount or a word of waiting does.
 */
export function looksLikeWait(content: string, isLast: boolean): boolean {
  const words = content.trim()
  if (AMOUNT.test(words) || VAGUE_WORD.test(words) || /\bwait\b/i.test(words)) return true
  return isLast && (/(?<![\p{L}\p{N}#.])\d/u.test(words) || TIME_WORD.test(words))
}

/** What to write instead of an unreadable wait: the nearest readable ones. */
export function suggestWait(content: string): string {
  const words = content.toLowerCase()
  const [, amount = '', unit = ''] = /(\d+(?:\.\d+)?)[^\p{L}\d]*(\p{L}+)/u.exec(words) ?? amountInWords(words)
  const number = Number(amount)
  const days = LONG_UNIT_DAYS[unit.replace(/s$/, '')]
  const tries: string[] = []
  if (days !== undefined && number > 0) {
    tries.push(counted(number * days, 'day'), counted((number * days * DAY_MS) / HOUR_MS, 'hour'))
  } else if (number > 0) {
    const near = nearestUnit(unit)
    if (near) tries.push(counted(number, near))
  }
  const known = tries.filter((text) => parseDuration(text) !== undefined)
  if (known.length === 0 && !VAGUE_WORD.test(words.trim())) known.push('30 min', '1 hour')
  const quoted = known.map((text) => `"(${text})"`)
  return quoted.length === 0 ? 'Try "(immediate)".' : `Did you mean ${quoted.join(', ')} or "(immediate)"?`
}

/** The outermost parentheses of a text, in order; one that is never closed reaches to the end of its line. */
export function parenthesesOf(text: string): Parenthesis[] {
  const found: Parenthesis[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i <= text.length; i += 1) {
    const character = text[i]
    if (character === '(') {
      if (depth === 0) start = i
      depth += 1
    } else if (depth > 0 && (character === ')' || character === '\n' || character === undefined)) {
      // A wrapped line may close its parenthesis further down; only the end of the words leaves it open.
      if (character === '\n' && text.indexOf(')', i) >= 0) continue
      depth = character === ')' ? depth - 1 : 0
      if (depth > 0) continue
      const closed = character === ')'
      found.push({ start, end: closed ? i + 1 : i, content: text.slice(start + 1, i), closed })
    }
  }
  return found
}

function amountInWords(words: string): string[] {
  const match = /\b(a|an|one|two|three|half)\b(?: an?)? (\p{L}+)/u.exec(words)
  return match ? [match[0], NUMBER_WORDS[match[1]!]!, match[2]!] : []
}

function nearestUnit(word: string): string | undefined {
  if (word.length > 12) return undefined
  let best: { unit: string; far: number } | undefined
  for (const [unit, spellings] of Object.entries(UNITS)) {
    const far = Math.min(...spellings.map((spelling) => distance(word, spelling)))
    if (far <= Math.min(2, word.length - 1) && (!best || far < best.far)) best = { unit, far }
  }
  return best?.unit
}

function counted(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 || unit === 'min' || unit === 'sec' ? '' : 's'}`
}
