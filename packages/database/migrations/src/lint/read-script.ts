import { EsaError } from '@esa/protocol'
import { type ParsedStatement, parseScript } from '@esa/database-catalog/sql'

/** A migration file: its statements, and what of it is not SQL. */
export interface Script {
  file: string
  /** What was read, without a byte order mark. */
  text: string
  /** The same, with blanks for what is not SQL. */
  sql: string
  statements: ParsedStatement[]
  /** Commands of psql, which no server understands, with the line of each. */
  metaCommands: { line: number; text: string }[]
}

/** Longest SQL that is read, UTF-16 units: its syntax tree takes some hundred times as many bytes of memory. */
const SQL_LENGTH_MAX = 4_000_000

/** A statement that is followed by rows, as pg_dump writes them. */
const COPY_FROM_STDIN = /^\s*copy\s[^;]*\sfrom\s+stdin\b[^;]*;\s*$/i

/**
 * Reads a migration: commands of psql and rows of COPY are set aside, the rest is parsed by PostgreSQL's grammar.
 * @throws EsaError `sql.encoding` for what is not UTF-8, `sql.nul`, `sql.too-long` or `sql.syntax`; all terminal, with file and line.
 */
export async function readScript(file: string, bytes: Uint8Array): Promise<Script> {
  const text = decode(file, bytes)
  if (text.length > SQL_LENGTH_MAX) refuseDump(file, setAside(text).sql)
  try {
    return { file, text, sql: text, statements: await parseScript(text), metaCommands: [] }
  } catch (error) {
    // A backslash that begins a line is psql's only where the text is not SQL as it is: it may be part of a string.
    const { sql, metaCommands } = setAside(text)
    if (sql === text) throw faulty(file, error)
    try {
      return { file, text, sql, statements: await parseScript(sql), metaCommands }
    } catch (still) {
      throw faulty(file, still)
    }
  }
}

function refuseDump(file: string, sql: string): void {
  if (sql.replaceAll(/\s+/g, ' ').length <= SQL_LENGTH_MAX) return
  throw new EsaError(
    'sql.too-long',
    'terminal',
    `${file} holds more than ${SQL_LENGTH_MAX} characters of SQL`,
    {
      details: { file },
      hint: 'give the statements that change the schema; rows come by COPY',
    },
  )
}

function faulty(file: string, error: unknown): unknown {
  if (!(error instanceof EsaError)) return error
  const variable = /at or near ":"/.test(error.message)
  return new EsaError(error.code, error.kind, `${file}: ${error.message}`, {
    cause: error,
    details: { file, ...error.details },
    hint: variable
      ? 'variables of psql (:name) are unknown to a server: write their values'
      : 'the grammar is that of PostgreSQL 18',
  })
}

function decode(file: string, bytes: Uint8Array): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new EsaError('sql.encoding', 'terminal', `${file} is not UTF-8`, {
      cause,
      details: { file },
      hint: 'save the file as UTF-8',
    })
  }
  const nul = text.indexOf('\0')
  if (nul < 0) return text
  const line = text.slice(0, nul).split('\n').length
  throw new EsaError('sql.nul', 'terminal', `${file}: line ${line} holds a NUL character`, {
    details: { file, line },
    hint: 'no SQL holds one: is this a text file, saved as UTF-8?',
  })
}

/** Blanks take the place of what is not SQL, so that every line and offset stays what it was. */
function setAside(text: string): { sql: string; metaCommands: Script['metaCommands'] } {
  const metaCommands: Script['metaCommands'] = []
  let rows = false
  const lines = text.split('\n').map((line, at) => {
    if (rows) {
      rows = line.trimEnd() !== '\\.'
      return blank(line)
    }
    if (COPY_FROM_STDIN.test(line)) rows = true
    if (!/^\s*\\/.test(line)) return line
    metaCommands.push({ line: at + 1, text: line.trim() })
    return blank(line)
  })
  return { sql: lines.join('\n'), metaCommands }
}

function blank(line: string): string {
  return ' '.repeat(line.length)
}
