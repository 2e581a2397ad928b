import type { Queryable, ParsedStatement } from '@esa/database-catalog/sql'
import { changesAllRows } from './changes-all-rows.ts'
import type { StatementFacts } from './facts.ts'
import type { Relations } from './observe.ts'
import { relianceOn } from './reliance-on.ts'
import { failsAgain } from './second-run.ts'
import { filledColumns, unfilledSince } from './unfilled-columns.ts'

/** What is seen of a statement besides its locks, files and scans. */
export type Watched = Pick<StatementFacts, 'unfilled' | 'relied' | 'allRows' | 'failsAgain'>

/**
 * Looks before a statement; the answer looks after it, in the same transaction. `earlier`: the statements of its file
 * before it, where the file could stop between them; else null.
 */
export async function watchStatement(
  session: Queryable,
  statement: ParsedStatement,
  { before, earlier }: { before: Relations; earlier: readonly ParsedStatement[] | null },
): Promise<() => Promise<Watched>> {
  const relied = await relianceOn(session, statement, before)
  const filled = await filledColumns(session, statement)
  return async () => ({
    relied,
    unfilled: await unfilledSince(session, filled),
    allRows: await changesAllRows(session, statement),
    failsAgain: earlier === null ? false : await failsAgain(session, statement, earlier),
  })
}
