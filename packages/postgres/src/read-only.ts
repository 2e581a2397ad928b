import { EsaError } from '@esa/protocol'
import { postgresError } from './postgres-error.ts'
import { onOneSession, type Queryable } from './queryable.ts'
import { type Token, tokenize } from './sql-tokens.ts'

/** In the text of every statement this package sends for itself, so that its own work is never measured as traffic. */
export const OWN_MARK = '/* esa:own */'

const READING = new Set(['select', 'with', 'values', 'table'])
const WRITING = new Set(['insert', 'update', 'delete', 'merge'])

function refuse(message: string): EsaError {
  return new EsaError('sql.not-a-read', 'terminal', message, { hint: 'give one SELECT statement' })
}

/** Writing inside WITH stands first in its parentheses; the main statement of a WITH follows a closing one. */
function writes(token: Token, previous: Token | undefined): boolean {
  const opens = previous?.text === '(' || previous?.text === ')'
  return token.kind === 'word' && opens && WRITING.has(token.text.toLowerCase())
}

/**
 * The statement without its final semicolon when it is one SELECT (or WITH, VALUES, TABLE) that writes nothing.
 * A first fence only: what holds is the read-only transaction and the extended protocol it is run in.
 * @throws EsaError `sql.not-a-read` (terminal) for anything else.
 */
export function requireSelect(sql: string): string {
  const tokens = tokenize(sql).filter((token) => token.kind !== 'comment')
  while (tokens.at(-1)?.text === ';') tokens.pop()
  const [first, last] = [tokens.find((token) => token.text !== '('), tokens.at(-1)]
  if (!first || !last) throw refuse('there is no statement')
  if (first.kind !== 'word' || !READING.has(first.text.toLowerCase())) {
    throw refuse(`a statement that begins with ${first.text} is not run here`)
  }
  for (const [index, token] of tokens.entries()) {
    if (token.text === ';') throw refuse('more than one statement is not run here')
    if (writes(token, tokens[index - 1])) throw refuse(`${token.text} inside a query is not run here`)
    if (token.kind === 'word' && token.text.toLowerCase() === 'into')
      throw refuse('SELECT INTO is not run here')
  }
  return sql.slice(tokens[0]?.at, last.at + last.text.length)
}

/**
 * Runs `work` in a read-only transaction that is rolled back, each statement cut off after `timeoutMs`.
 * @throws EsaError `database.*` with the server's error as cause; an EsaError of `work` passes unchanged.
 */
export async function inReadOnly<T>(
  queryable: Queryable,
  timeoutMs: number,
  work: (session: Queryable) => Promise<T>,
): Promise<T> {
  return onOneSession(queryable, async (session) => {
    try {
      await session.query('BEGIN READ ONLY')
      try {
        // This query also takes the snapshot, after which the transaction can no longer be made writable.
        await session.query(`select ${OWN_MARK} set_config('statement_timeout', $1, true)`, [
          `${timeoutMs}ms`,
        ])
        return await work(session)
      } finally {
        // A failed ROLLBACK means a lost session; the error that lost it is the one worth reporting.
        await session.query('ROLLBACK').catch(() => undefined)
      }
    } catch (error) {
      throw postgresError(error)
    }
  })
}
