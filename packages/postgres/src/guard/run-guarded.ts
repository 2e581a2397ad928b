import type { Queryable, QueryAnswer } from '../queryable.ts'
import { inReadOnly } from '../read-only.ts'
import { readStatement } from './read-statement.ts'
import { requireHarmless } from './require-harmless.ts'

/**
 * Runs SQL of somebody else behind the whole guard: one statement of the grammar that only reads, everything it calls
 * judged, by the extended protocol, in a read-only transaction that is rolled back, stopped after `timeoutMs`. `prefix`
 * is ours: `EXPLAIN (...)`.
 * @throws EsaError `sql.not-a-read`, `sql.syntax` (terminal) with nothing executed; `database.*`.
 */
export async function runGuarded(
  queryable: Queryable,
  sql: string,
  { timeoutMs, prefix = '' }: { timeoutMs: number; prefix?: string },
): Promise<QueryAnswer> {
  const reading = await readStatement(sql)
  return inReadOnly(queryable, timeoutMs, async (session) => {
    await requireHarmless(session, reading)
    return session.query({ text: `${prefix}${reading.text}`, queryMode: 'extended' })
  })
}
