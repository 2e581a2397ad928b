import { EsaError } from '@esa/protocol'

/**
 * What a piece of SQL text is. `word` covers keywords, names and `$1`; `quoted` is a "quoted name", `string` any
 * string constant, prefix and dollar quotes included; `sign` is one character of anything else.
 */
type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'sign' | 'comment'

/** One token with its place in the text; white space lies between tokens and is not one. */
export interface Token {
  kind: TokenKind
  text: string
  at: number
}

const SPACE = /\s+/y
const LINE_COMMENT = /--[^\n]*/y
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y
const WORD = /(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*|\$\d+)/y
const NUMBER = /\d[\w.]*/y
const QUOTED = /(?:[uU]&)?"[^"]*(?:""[^"]*)*"/y
const PLAIN_STRING = /(?:[bBxXnN]|[uU]&)?'[^']*(?:''[^']*)*'/y
const ESCAPE_STRING = /[eE]'[^'\\]*(?:(?:''|\\[\s\S])[^'\\]*)*'/y

function match(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(sql)?.[0]
}

/** Line number of a position, from 1. */
export function lineAt(sql: string, at: number): number {
  return sql.slice(0, at).split('\n').length
}

function unterminated(sql: string, at: number, what: string): EsaError {
  const line = lineAt(sql, at)
  return new EsaError('sql.unterminated', 'terminal', `line ${line}: ${what} has no end`, {
    details: { line },
  })
}

/** PostgreSQL nests block comments, which a regular expression cannot follow. */
function blockComment(sql: string, at: number): string {
  let depth = 0
  for (let i = at; i < sql.length; i += 1) {
    const pair = sql.slice(i, i + 2)
    if (pair === '/*') depth += 1
    if (pair === '*/') depth -= 1
    if (pair === '/*' || pair === '*/') i += 1
    if (depth === 0) return sql.slice(at, i + 1)
  }
  throw unterminated(sql, at, 'a /* comment')
}

function dollarString(sql: string, at: number, tag: string): string {
  const end = sql.indexOf(tag, at + tag.length)
  if (end < 0) throw unterminated(sql, at, `the string quoted by ${tag}`)
  return sql.slice(at, end + tag.length)
}

function nextToken(sql: string, at: number): Token {
  const token = (kind: TokenKind, text: string): Token => ({ kind, text, at })
  const comment = match(LINE_COMMENT, sql, at)
  if (comment !== undefined) return token('comment', comment)
  if (sql.startsWith('/*', at)) return token('comment', blockComment(sql, at))
  const tag = match(DOLLAR_TAG, sql, at)
  if (tag !== undefined) return token('string', dollarString(sql, at, tag))
  const quoted = match(QUOTED, sql, at)
  if (quoted !== undefined) return token('quoted', quoted)
  const string = match(ESCAPE_STRING, sql, at) ?? match(PLAIN_STRING, sql, at)
  if (string !== undefined) return token('string', string)
  if (sql[at] === "'" || sql[at] === '"' || /^(?:[bexn]'|u&['"])/i.test(sql.slice(at, at + 3))) {
    throw unterminated(sql, at, 'a quoted text')
  }
  const word = match(WORD, sql, at)
  if (word !== undefined) return token('word', word)
  const number = match(NUMBER, sql, at)
  if (number !== undefined) return token('number', number)
  return token('sign', sql[at]!)
}

/**
 * The tokens of SQL text as PostgreSQL's scanner cuts them (standard_conforming_strings on), comments included.
 * @throws EsaError `sql.unterminated` (terminal) with the line where the open quote or comment begins.
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < sql.length) {
    const space = match(SPACE, sql, at)
    if (space !== undefined) {
      at += space.length
      continue
    }
    const token = nextToken(sql, at)
    tokens.push(token)
    at += token.text.length
  }
  return tokens
}
