import { EsaError } from '@esa/protocol'
import { executionOf } from '../lint/execution.ts'
import { postgresError } from '../postgres-error.ts'
import type { Queryable } from '../queryable.ts'
import type { Finding } from '../finding.ts'
import { type ParsedStatement, parseScript } from '../sql/parse-script.ts'
import { lacksRightOf, madeExtension, NEEDS_SUPERUSER, needsSuperuser } from '../sql/superuser-statements.ts'

/** What pg_dump writes for psql and no server understands; never inside a statement. */
const PSQL_COMMAND = /^\\(?:connect|restrict|unrestrict|set|encoding)\b.*$/gm

/** A script's statements, without what is meant for psql. @throws EsaError `sql.syntax` (terminal). */
export async function parseSchema(script: string): Promise<ParsedStatement[]> {
  return parseScript(script.replace(PSQL_COMMAND, ''))
}

/** Statements of a schema that no tester may run, and whose absence changes what follows. */
export interface Untried {
  line: number
  text: string
  why: string
}

/**
 * Runs a script's statements one after another, each on its own as psql does: CREATE INDEX CONCURRENTLY works in it. What reaches
 * beyond the database, to the server or its files, is left out, and what only a superuser may run is left out and answered.
 * `furnished` are the extensions that are there already.
 * @throws EsaError `sql.schema-failed` (terminal) with the `line` of the statement that failed.
 */
export async function runScript(
  session: Queryable,
  statements: readonly ParsedStatement[],
  furnished: ReadonlySet<string> = new Set(),
): Promise<Untried[]> {
  const untried: Untried[] = []
  for (const { text, line, node } of statements) {
    if (executionOf(node) === 'never' || furnished.has(madeExtension(node)?.name ?? '')) continue
    if (needsSuperuser(node)) {
      untried.push({ line, text, why: NEEDS_SUPERUSER })
      continue
    }
    try {
      await session.query(text)
    } catch (cause) {
      const why = lacksRightOf(node, cause)
      if (why === NEEDS_SUPERUSER) {
        untried.push({ line, text, why })
        continue
      }
      const { kind, message } = postgresError(cause)
      if (kind !== 'terminal') throw postgresError(cause)
      throw new EsaError('sql.schema-failed', 'terminal', `line ${line} of the schema: ${why ?? message}`, {
        cause,
        hint: 'the schema before must run by itself on an empty database',
        details: { line },
      })
    }
  }
  return untried
}

/** Characters of a statement that a finding shows: enough to recognize it. */
const TEXT_SHOWN = 120

/** One finding for all statements of a schema that were left out. */
export function untriedFindings(untried: readonly Untried[]): Finding[] {
  const [first] = untried
  if (first === undefined) return []
  const more = untried.length === 1 ? '' : `, and ${untried.length - 1} more statements`
  return [
    {
      kind: 'not-rehearsed',
      severity: 'warning',
      message: `line ${first.line} of the schema ${first.why}${more}: left out here, and what relies on it is judged without it`,
      evidence: {
        count: untried.length,
        statements: untried.map(({ line, text, why }) => ({ line, why, sql: text.slice(0, TEXT_SHOWN) })),
      },
    },
  ]
}
