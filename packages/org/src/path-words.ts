import { formatDuration } from '@esa/protocol'
import type { CardReading } from './card-problems.ts'
import { plain, type Prose } from './prose.ts'
import type { ReferenceScan } from './references.ts'
import { looksLikeWait, parenthesesOf, readWait, suggestWait } from './waits.ts'

/** An escalation path's words: its label, what follows, the agents found there, and a table's cell for the wait. */
export interface PathWords {
  label: Prose
  words: Prose
  scan: ReferenceScan
  /** Where the leading agents end; 0 when the agents stand elsewhere. */
  namesEnd: number
  waitCell: Prose | undefined
}

/** A piece of the words, by index, that is not a reason. */
type Span = readonly [number, number]

interface Wait {
  ms: number
  prose: Prose
  index: number
}

const NO_WAIT_GIVEN = /^(?:n\/a|[-–—]*)$/i
/** The last words behind a comma or a dash: where a wait without parentheses is. */
const TAIL = /(?:^|[,;–—]|\s-\s)\s*([^,;–—]{1,40}?)[\s.]*$/

/** The wait and the reasons of a path. A wait that cannot be read is reported, and then there is none. */
export function readPath(
  path: PathWords,
  reading: CardReading,
): { waitMs: number | null; reasons: string[] } {
  const { words, scan } = path
  const waits = [...parenthesised(path.label, [], reading).waits, ...cellWait(path.waitCell, reading)]
  const names: Span[] = scan.references.map((reference) => [reference.start, reference.end])
  const found = parenthesised(words, names, reading)
  waits.push(...found.waits)
  const cuts: Span[] = [...(path.namesEnd > 0 ? [[0, path.namesEnd] as const] : names), ...found.spans]
  if (found.spans.length === 0 && waits.length === 0) {
    const tail = tailWait(words, path.namesEnd, reading)
    waits.push(...tail.waits)
    cuts.push(...tail.spans)
  }
  return { waitMs: agreed(waits, reading), reasons: reasonsOf(words.text, cuts) }
}

/** Waits in parentheses that are not an agent's name. `spans` covers the unreadable ones too: they are not reasons. */
function parenthesised(
  prose: Prose,
  names: readonly Span[],
  reading: CardReading,
): { waits: Wait[]; spans: Span[] } {
  const waits: Wait[] = []
  const spans: Span[] = []
  for (const group of parenthesesOf(prose.text)) {
    if (names.some(([start, end]) => start <= group.start && group.end <= end)) continue
    const isLast = /^[\s.;,]*$/.test(prose.text.slice(group.end))
    const ms = group.closed ? readWait(group.content) : undefined
    if (ms !== undefined) waits.push({ ms, prose, index: group.start })
    else if (looksLikeWait(group.content, isLast)) reportWait(prose, group.start, group.end, reading)
    else continue
    spans.push([group.start, group.end])
  }
  return { waits, spans }
}

function cellWait(cell: Prose | undefined, reading: CardReading): Wait[] {
  if (!cell || NO_WAIT_GIVEN.test(cell.text.trim())) return []
  const ms = readWait(cell.text.trim().replace(/^\((.*)\)$/, '$1'))
  if (ms !== undefined) return [{ ms, prose: cell, index: 0 }]
  reportWait(cell, cell.text.search(/\S/), cell.text.trimEnd().length, reading)
  return []
}

/** A wait that ends the line without parentheses: taken when it is nothing else, refused when it was meant as one. */
function tailWait(prose: Prose, from: number, reading: CardReading): { waits: Wait[]; spans: Span[] } {
  const rest = prose.text.slice(from)
  const match = TAIL.exec(rest.slice(-80))
  if (!match) return { waits: [], spans: [] }
  const words = match[1]!
  const start = from + rest.lastIndexOf(words)
  const span: Span = [start, start + words.length]
  const ms = readWait(words)
  if (ms !== undefined) return { waits: [{ ms, prose, index: start }], spans: [span] }
  const meant = /\d/.test(words) && /^wait\b|\bwait$/i.test(words)
  const bracketed = /\[([^\]]*)\]$/.exec(words)
  if (!meant && !(bracketed && readWait(bracketed[1]!) !== undefined)) return { waits: [], spans: [] }
  reportWait(prose, start, span[1], reading)
  return { waits: [], spans: [span] }
}

function reportWait(prose: Prose, start: number, end: number, reading: CardReading): void {
  const written = plain(prose.text.slice(start, end))
  const shown = written.length > 40 ? `${written.slice(0, 40)}...` : written
  const message = `"${shown}" is not a wait I know`
  const hint = suggestWait(written.replace(/^\(|\)$/g, ''))
  reading.report({ severity: 'error', code: 'card.wait-unreadable', message, hint }, prose, start)
}

function agreed(waits: readonly Wait[], reading: CardReading): number | null {
  const [first] = waits
  const other = waits.find((wait) => wait.ms !== first?.ms)
  if (!first || !other) return first?.ms ?? null
  const message = `one path gives two waits, ${worded(first.ms)} and ${worded(other.ms)}`
  const hint = 'Write one line for each wait.'
  reading.report({ severity: 'error', code: 'card.wait-ambiguous', message, hint }, other.prose, other.index)
  return null
}

function worded(ms: number): string {
  return ms === 0 ? 'immediate' : formatDuration(ms)
}

function reasonsOf(text: string, cuts: readonly Span[]): string[] {
  let rest = ''
  let at = 0
  for (const [start, end] of [...cuts].sort((a, b) => a[0] - b[0])) {
    if (start > at) rest += text.slice(at, start)
    at = Math.max(at, end)
  }
  rest += text.slice(at)
  return splitOutsideParentheses(rest)
    .map((reason) => plain(reason).replace(/^[\s:–—-]+|[\s:–—.-]+$/g, ''))
    .filter((reason) => /[\p{L}\p{N}]/u.test(reason))
}

function splitOutsideParentheses(text: string): string[] {
  const parts: string[] = []
  const groups = parenthesesOf(text)
  let start = 0
  for (const match of text.matchAll(/[,;]/g)) {
    if (groups.some((group) => group.start < match.index && match.index < group.end)) continue
    parts.push(text.slice(start, match.index))
    start = match.index + 1
  }
  return [...parts, text.slice(start)]
}
