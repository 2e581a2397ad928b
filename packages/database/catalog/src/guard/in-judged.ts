import type { Queryable, QueryAnswer } from '../sql/queryable.ts'
import { inReadOnly, onTargetPath, type ReadOnlySession } from '../sql/read-only.ts'
import type { Reading } from './read-statement.ts'
import { meetTerms, ON_COPY, type ReadTerms } from './read-terms.ts'
import { requireHarmless } from './require-harmless.ts'

/** A read-only session in which statements of others are run, each after it was judged. */
export interface JudgingSession extends ReadOnlySession {
  /**
   * Judges a statement as this transaction's server resolves it, under the settings of now. What it returns runs that very
   * statement: `EXECUTE name`, on the path of the target, on any other the server resolves it again. @throws EsaError `sql.not-a-read`, `sql.tree-*` (terminal); the server's error.
   */
  judge(reading: Pick<Reading, 'text'>): Promise<string>
  /** Runs what `judge` returned, behind a prefix of ours (`EXPLAIN`) or none. @throws the server's error. */
  run(statement: string): Promise<QueryAnswer>
}

/**
 * Runs `work` in a read-only transaction that is rolled back, on the terms of a target. It is the only way to statements
 * of others: what runs there is what `judge` returned. `allowed` are built-in functions that the caller vouches for.
 * @throws EsaError `sql.role-too-strong`, `sql.logged` (terminal) with nothing executed; `database.*`.
 */
export async function inJudged<T>(
  queryable: Queryable,
  { timeoutMs, terms, allowed }: JudgingOptions,
  work: (session: JudgingSession) => Promise<T>,
): Promise<T> {
  return inReadOnly(queryable, timeoutMs, async (session) => {
    if (terms !== ON_COPY) await meetTerms(session, terms)
    return work({
      ...session,
      run: (text) => onTargetPath(session, () => session.query({ text, queryMode: 'extended' })),
      judge: async (reading) => `EXECUTE ${await requireHarmless(session, reading, allowed)}`,
    })
  })
}

/** How statements of others are run. */
export interface JudgingOptions {
  timeoutMs: number
  terms: ReadTerms | typeof ON_COPY
  allowed?: ReadonlySet<string>
}
