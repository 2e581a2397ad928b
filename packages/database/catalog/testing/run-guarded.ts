import type { Queryable, QueryAnswer } from '../src/sql/queryable.ts'
import { inJudged, type JudgingOptions } from '../src/guard/in-judged.ts'
import { readStatement } from '../src/guard/read-statement.ts'
import { ON_COPY } from '../src/guard/read-terms.ts'

/**
 * Runs a foreign statement behind the whole guard: one statement of the grammar that only reads, resolved by the server,
 * all that it calls judged, and then executed as it was resolved, in a read-only transaction that is rolled back, stopped
 * after `timeoutMs`. `prefix` is ours: `EXPLAIN (...)`. Without `terms` the role is not judged: the guard has to hold alone.
 * @throws EsaError `sql.not-a-read`, `sql.syntax`, `sql.tree-unknown`, `sql.role-too-strong` (terminal) with nothing
 * executed; `database.*`.
 */
export async function runGuarded(
  queryable: Queryable,
  sql: string,
  {
    timeoutMs,
    terms = ON_COPY,
    prefix = '',
  }: { timeoutMs: number; terms?: JudgingOptions['terms']; prefix?: string },
): Promise<QueryAnswer> {
  const reading = await readStatement(sql)
  return inJudged(queryable, { timeoutMs, terms }, async (session) =>
    session.run(`${prefix}${await session.judge(reading)}`),
  )
}
