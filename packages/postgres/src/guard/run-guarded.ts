import type { Queryable, QueryAnswer } from '../queryable.ts'
import { inReadOnly } from '../read-only.ts'
import { readStatement } from './read-statement.ts'
import { requireHarmless } from './require-harmless.ts'

/**
 * Runs a foreign statement behind the whole guard: one statement of the grammar that only reads, resolved by the server,
 * all that it calls judged, and then executed as it was resolved, in a read-only transaction that is rolled back, stopped
 * after `timeoutMs`. `prefix` is ours: `EXPLAIN (...)`.
 * @throws EsaError `sql.not-a-read`, `sql.syntax`, `sql.tree-unknown` (terminal) with nothing executed; `database.*`.
 */
export async function runGuarded(
  queryable: Queryable,
  sql: string,
  { timeoutMs, prefix = '' }: { timeoutMs: number; prefix?: string },
): Promise<QueryAnswer> {
  const reading = await readStatement(sql)
  return inReadOnly(queryable, timeoutMs, async (session) => {
    const name = await requireHarmless(session, reading)
    return session.query({ text: `${prefix}EXECUTE ${name}`, queryMode: 'extended' })
  })
}
