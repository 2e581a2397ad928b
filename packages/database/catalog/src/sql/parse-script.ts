import { EsaError } from '@esa/protocol'
import type { Node, ParseResult } from '@pgsql/types'

/** One statement of a script, as PostgreSQL 18 parses it. */
export interface ParsedStatement {
  /** Place among the statements of its script, from 0. */
  index: number
  /** Its text without the semicolon, from its first word on: comments before it are not part of it. */
  text: string
  /** Line of its first word, from 1, and that word's offset in the script, UTF-16 units. */
  line: number
  offset: number
  /** Name of its node in PostgreSQL's grammar: `SelectStmt`, `AlterTableStmt`, `IndexStmt` ... */
  kind: string
  node: Node
}

/**
 * The statements of a script, by PostgreSQL's own parser. Splitting is by its grammar: a semicolon in a string, a dollar
 * quote or a `BEGIN ATOMIC` body splits nothing. @throws EsaError `sql.syntax` (terminal), with `line` and `column` in its details.
 */
export async function parseScript(sql: string): Promise<ParsedStatement[]> {
  // The parser takes a lone comment for an empty script, and an empty text for an error.
  if (sql.trim() === '') return []
  const bytes = Buffer.from(sql)
  // The library refuses the empty text, which has no statement and no fault.
  const { stmts = [] } = sql === '' ? {} : await parsed(sql)
  // Where the last statement began: counting from there, and not from the start, keeps a large script linear.
  let [byte, offset, line] = [0, 0, 1]
  return stmts.map(({ stmt, stmt_location: from = 0, stmt_len: length }, index) => {
    // The parser counts bytes, and a length of 0 is the rest.
    const before = bytes.subarray(byte, from).toString()
    const whole = bytes.subarray(from, length ? from + length : undefined).toString()
    const skipped = leadingBlank(whole)
    byte = from + Buffer.byteLength(whole.slice(0, skipped))
    offset += before.length + skipped
    line += linesIn(before) + linesIn(whole.slice(0, skipped))
    const node = stmt as Node
    const text = whole.slice(skipped).trimEnd()
    return { index, text, line, offset, kind: Object.keys(node)[0] ?? '', node }
  })
}

async function parsed(sql: string): Promise<ParseResult> {
  // WebAssembly of a megabyte: made ready by the first statement, not by every process that could parse one.
  const { parse } = await import('libpg-query')
  try {
    return await parse(sql)
  } catch (cause) {
    const { message, sqlDetails } = cause as Error & { sqlDetails?: { cursorPosition: number } }
    const at = sqlDetails?.cursorPosition ?? 0
    const line = lineAt(sql, at)
    const column = at - (sql.lastIndexOf('\n', at - 1) + 1) + 1
    throw new EsaError('sql.syntax', 'terminal', `line ${line}, column ${column}: ${message}`, {
      cause,
      details: { line, column },
    })
  }
}

/** Length of the blanks and comments that stand before a statement; block comments nest, as PostgreSQL's do. */
function leadingBlank(text: string): number {
  let at = 0
  for (;;) {
    at += /^\s*/.exec(text.slice(at))![0].length
    if (text.startsWith('--', at)) at = endOr(text, text.indexOf('\n', at))
    else if (text.startsWith('/*', at)) at = afterComment(text, at)
    else return at
  }
}

function afterComment(text: string, from: number): number {
  let depth = 0
  let at = from
  do {
    if (text.startsWith('/*', at)) depth++
    else if (text.startsWith('*/', at)) depth--
    else {
      at++
      continue
    }
    at += 2
  } while (depth > 0 && at < text.length)
  return at
}

function endOr(text: string, at: number): number {
  return at < 0 ? text.length : at
}

function lineAt(text: string, offset: number): number {
  return linesIn(text.slice(0, offset)) + 1
}

function linesIn(text: string): number {
  return text.split('\n').length - 1
}
