import { EsaError } from '@esa/protocol'
import { lineAt, type Token, tokenize } from '@esa/database-catalog/sql'

/** One statement of a workload: how often it comes, relative to the others, and the name it is reported by. */
export interface WorkloadStatement {
  id: string
  weight: number
  sql: string
}

/** Largest workload file, in characters: a workload is a list of typical statements, not a log. */
const WORKLOAD_CHARS_MAX = 1_000_000

/** Most statements of a workload: each is run several times against a live database. */
const WORKLOAD_STATEMENTS_MAX = 500

const MARK = /^--\s*(weight|id)\s*:\s*(.*?)\s*$/

interface Draft {
  weight?: number
  id?: string
  from?: number
  to: number
  line: number
}

function fail(code: string, line: number, message: string, hint?: string): EsaError {
  return new EsaError(`workload.${code}`, 'terminal', `workload line ${line}: ${message}`, {
    details: { line },
    ...(hint === undefined ? {} : { hint }),
  })
}

function applyMark(draft: Draft, token: Token, line: number): void {
  const found = MARK.exec(token.text)
  if (!found) return
  const [, key, value = ''] = found
  if (key === 'id') {
    if (value === '') throw fail('id-empty', line, '"-- id:" names nothing')
    draft.id = value
    return
  }
  const weight = Number(value)
  if (value === '' || !Number.isFinite(weight) || weight <= 0) {
    throw fail(
      'weight-unreadable',
      line,
      `"${value}" is not a weight`,
      'write a positive number: -- weight: 10',
    )
  }
  draft.weight = weight
}

/** A mark behind the semicolon, on the same line, still speaks of the statement that ended there. */
function draftOfMark(text: string, token: Token, current: Draft, done: readonly Draft[]): Draft {
  const previous = done.at(-1)
  if (!previous || current.from !== undefined) return current
  return text.slice(previous.to, token.at).includes('\n') ? current : previous
}

function cut(text: string): Draft[] {
  const done: Draft[] = []
  let current: Draft = { to: 0, line: 1 }
  for (const token of tokenize(text)) {
    if (token.kind === 'comment') {
      applyMark(draftOfMark(text, token, current, done), token, lineAt(text, token.at))
    } else if (token.text === ';') {
      if (current.from !== undefined) done.push(current)
      current = { to: token.at, line: 1 }
    } else {
      if (current.from === undefined) current.line = lineAt(text, token.at)
      current.from ??= token.at
      current.to = token.at + token.text.length
    }
  }
  if (current.from !== undefined) done.push(current)
  return done
}

/**
 * The statements of a workload file: each ended by `;`, its weight (default 1) and id (default `statement-N`) on
 * comment lines `-- weight: N` and `-- id: X` before its end. Quotes, dollar quotes and comments are respected.
 * @throws EsaError `workload.*` or `sql.unterminated` (terminal), with the line in `details`.
 */
export function parseWorkload(text: string): WorkloadStatement[] {
  if (text.length > WORKLOAD_CHARS_MAX) {
    throw fail('too-large', 1, `${text.length} characters, at most ${WORKLOAD_CHARS_MAX} are read`)
  }
  const drafts = cut(text)
  if (drafts.length === 0) throw fail('empty', 1, 'no statement in it', 'end each statement with a semicolon')
  if (drafts.length > WORKLOAD_STATEMENTS_MAX) {
    throw fail('too-large', 1, `${drafts.length} statements, at most ${WORKLOAD_STATEMENTS_MAX} are read`)
  }
  const seen = new Set<string>()
  return drafts.map((draft, index) => {
    const id = draft.id ?? `statement-${index + 1}`
    if (seen.has(id)) throw fail('id-twice', draft.line, `the id "${id}" is taken by an earlier statement`)
    seen.add(id)
    return { id, weight: draft.weight ?? 1, sql: text.slice(draft.from, draft.to) }
  })
}
