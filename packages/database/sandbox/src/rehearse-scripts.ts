import {
  onOneSession,
  type Queryable,
  executionOf,
  postgresError,
  sqlState,
  type ParsedStatement,
  lacksRight,
  missingExtension,
  NEEDS_SUPERUSER,
  needsSuperuser,
  Untried,
} from '@esa/database-catalog/sql'
import { lackingOf } from './lacking.ts'
import type { Rehearsal } from './open-rehearsal.ts'
import { parseSchema } from './run-script.ts'

/** A file of SQL. */
export interface Script {
  file: string
  sql: string
}

/** What became of a statement on the rehearsal. */
export interface RehearsedStatement {
  file: string
  line: number
  index: number
  kind: string
  text: string
  /** `skipped`: one before it failed, or `why` it is not tried. */
  outcome: 'ok' | 'failed' | 'skipped'
  /** How long it took; null when it did not run. */
  ms: number | null
  /** The server's words, and its SQLSTATE. */
  error?: { message: string; sqlState: string | null }
  why?: string
}

/** A rehearsal leaves nothing, so what would stay is not run. */
const BEYOND = 'it reaches beyond the database, to its server or files: not tried'

type Verdict = Pick<RehearsedStatement, 'outcome' | 'ms' | 'error' | 'why'>

const SKIPPED: Verdict = { outcome: 'skipped', ms: null }

/**
 * Runs scripts one after another on one session, each statement on its own as psql does and without what is meant for psql, and stops
 * at the first that fails. What reaches beyond the database is not run.
 * @throws EsaError `sql.syntax` (terminal) before anything runs, `database.unreachable` (transient).
 */
export async function rehearseScripts(
  rehearsal: Pick<Rehearsal, 'admitRoles' | 'missing' | 'queryable'>,
  scripts: readonly Script[],
): Promise<RehearsedStatement[]> {
  const parsed = await Promise.all(
    scripts.map(async ({ file, sql }) => ({ file, statements: await parseSchema(sql) })),
  )
  await rehearsal.admitRoles(parsed.flatMap(({ statements }) => statements))
  return onOneSession(rehearsal.queryable, async (session) => {
    const done: RehearsedStatement[] = []
    const untried = new Untried(lackingOf(rehearsal.missing))
    let failed = false
    for (const { file, statements } of parsed) {
      for (const statement of statements) {
        const { line, index, kind, text } = statement
        const result: Verdict = failed ? SKIPPED : await attempt(session, statement, untried)
        failed ||= result.outcome === 'failed'
        done.push({ file, line, index, kind, text, ...result })
      }
    }
    return done
  })
}

async function attempt(session: Queryable, statement: ParsedStatement, untried: Untried): Promise<Verdict> {
  const { text, node } = statement
  if (executionOf(node) === 'never') return { ...SKIPPED, why: BEYOND }
  const without = (why: string): Verdict => {
    untried.add(statement)
    return { ...SKIPPED, why }
  }
  if (needsSuperuser(node)) return without(NEEDS_SUPERUSER)
  const began = performance.now()
  try {
    await session.query(text)
    return { outcome: 'ok', ms: Math.round(performance.now() - began) }
  } catch (error) {
    // A session that was taken away says nothing about the statement.
    if (postgresError(error).code === 'database.unreachable') throw postgresError(error)
    const message = error instanceof Error ? error.message : String(error)
    const ms = Math.round(performance.now() - began)
    const failure = { message, sqlState: sqlState(error) ?? null }
    const right = lacksRight(node, failure)
    if (right === NEEDS_SUPERUSER) return without(right)
    const absent = missingExtension(failure) ?? untried.blamedFor(failure)
    if (absent !== null) return without(absent)
    return { outcome: 'failed', ms, error: { ...failure, message: right ?? message } }
  }
}
