import type { CardMetric, Comparator } from './agent-card.ts'
import { plain } from './prose.ts'

/** Ways a card bounds a number; longer words first, so that "no less than" is not read as "less than". */
const COMPARATORS: readonly (readonly [string, Comparator])[] = [
  ['no more than|not more than|at most|up to|within|<=|≤|=<', '<='],
  ['no less than|not less than|at least|>=|≥|=>', '>='],
  ['less than|fewer than|lower than|under|below|<', '<'],
  ['more than|greater than|higher than|over|above|>', '>'],
  ['exactly|equal to|equals|==|=', '='],
]

const WORDS = COMPARATORS.map(([words]) => words).join('|')
const BOUND = new RegExp(
  `(^|[\\s(:])?(${WORDS})\\s*(\\d[\\d,]*(?:\\.\\d+)?)(?:(\\s*)(%|[\\p{L}µ]+(?:/[\\p{L}]+)?))?`,
  'iu',
)
const PERCENTILE =
  /\b(?:(?:for|at|in)\s+)?(?:the\s+)?(\d{1,2}(?:\.\d+)?)(?:st|nd|rd|th)[- ]percentile\b|\bp(\d{2}(?:\.\d+)?)\b/i
const ZERO_FIRST = /^(?:zero|0)\s+(\p{L}.*)$/iu
const ZERO_LAST = /^(\p{L}.*?)[\s:=–—-]+(?:zero|0)$/iu

/** Units as the runtime writes them, by the spellings of cards. */
const UNITS: Record<string, string> = {
  ms: 'ms',
  millisecond: 'ms',
  msec: 'ms',
  s: 's',
  sec: 's',
  second: 's',
  m: 'min',
  min: 'min',
  minute: 'min',
  h: 'h',
  hr: 'h',
  hour: 'h',
  d: 'd',
  day: 'd',
  percent: '%',
  '%': '%',
}

/** The metric that a line of a card promises, or undefined when it holds no number to measure against. */
export function parseMetric(words: string, line: number): CardMetric | undefined {
  const text = plain(words)
  const zero = ZERO_FIRST.exec(text) ?? ZERO_LAST.exec(text)
  const bound = BOUND.exec(text)
  if (zero && !bound) return named(zero[1]!, { text, comparator: '=', value: 0, unit: 'count', line })
  if (!bound) return undefined
  const [, , sign = '', amount = '', space = '', unit = ''] = bound
  const percentile = PERCENTILE.exec(text)
  const metric = named(text.slice(0, bound.index), {
    text,
    comparator: comparatorOf(sign),
    value: Number(amount.replaceAll(',', '')),
    unit: unitOf(unit, space),
    line,
  })
  if (!metric || !percentile) return metric
  return { ...metric, percentile: Number(percentile[1] ?? percentile[2]) }
}

function named(name: string, metric: Omit<CardMetric, 'key'>): CardMetric | undefined {
  const key = name
    .replace(PERCENTILE, ' ')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  return key === '' ? undefined : { key, ...metric }
}

function comparatorOf(sign: string): Comparator {
  const words = sign.toLowerCase()
  return COMPARATORS.find(([spellings]) => spellings.split('|').includes(words))![1]
}

/** A word set apart from its number counts things ("5 incidents"), one that touches it is a unit ("5MB"). */
function unitOf(word: string, space: string): string {
  const lower = word.toLowerCase()
  const known = UNITS[lower] ?? UNITS[lower.replace(/s$/, '')]
  if (known) return known
  return word !== '' && (space === '' || word.includes('/')) ? word : 'count'
}
