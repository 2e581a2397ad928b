import { tokenize } from '@esa/database-catalog/sql'
import type { Script } from './read-script.ts'

/** `-- esa:allow RULE reason` in a script. */
export interface AllowMarker {
  line: number
  rule: string
  reason: string
  /** Index of the statement it is about: the one on its line, or else the next. */
  statement: number
}

const MARKER = /^--\s*esa:allow\b[ \t]*(\S*)[ \t]*(.*)$/

/**
 * The markers of a script. One after the last statement is about that; one in what is not SQL (rows of COPY,
 * a command of psql) is none.
 */
export function allowMarkers({ sql, statements }: Script): AllowMarker[] {
  // Most scripts have none, and need no second reading.
  if (!sql.includes('esa:allow') || statements.length === 0) return []
  const starts = lineStarts(sql)
  const spans = statements.map(({ line, offset, text }) => ({
    first: line,
    last: lineOf(starts, offset + text.length),
  }))
  return tokenize(sql).flatMap(({ kind, text: comment, at }) => {
    const [, rule = '', reason = ''] = (kind === 'comment' && MARKER.exec(comment)) || []
    if (kind !== 'comment' || !MARKER.test(comment)) return []
    const line = lineOf(starts, at)
    const found = spans.findIndex(({ last }) => last >= line)
    return [{ line, rule, reason: reason.trim(), statement: found < 0 ? spans.length - 1 : found }]
  })
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Line of an offset, from 1, by bisection. */
function lineOf(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= offset) low = middle
    else high = middle
  }
  return low + 1
}
