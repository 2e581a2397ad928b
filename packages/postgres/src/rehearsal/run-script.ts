import { EsaError } from '@esa/protocol'
import { executionOf } from '../lint/execution.ts'
import { postgresError } from '../postgres-error.ts'
import type { Queryable } from '../queryable.ts'
import { type ParsedStatement, parseScript } from '../sql/parse-script.ts'

/** What pg_dump writes for psql and no server understands; never inside a statement. */
const PSQL_COMMAND = /^\\(?:connect|restrict|unrestrict|set|encoding)\b.*$/gm

/** A script's statements, without what is meant for psql. @throws EsaError `sql.syntax` (terminal). */
export async function parseSchema(script: string): Promise<ParsedStatement[]> {
  return parseScript(script.replace(PSQL_COMMAND, ''))
}

/**
 * Runs a script's statements one after another, each on its own as psql does: CREATE INDEX CONCURRENTLY works in it. What reaches
 * beyond the database, to the server or its files, is left out.
 * @throws EsaError `sql.schema-failed` (terminal) with the `line` of the statement that failed.
 */
export async function runScript(session: Queryable, statements: readonly ParsedStatement[]): Promise<void> {
  for (const { text, line, node } of statements) {
    if (executionOf(node) === 'never') continue
    try {
      await session.query(text)
    } catch (cause) {
      const { kind, message } = postgresError(cause)
      if (kind !== 'terminal') throw postgresError(cause)
      throw new EsaError('sql.schema-failed', 'terminal', `line ${line} of the schema: ${message}`, {
        cause,
        hint: 'the schema before must run by itself on an empty database',
        details: { line },
      })
    }
  }
}
