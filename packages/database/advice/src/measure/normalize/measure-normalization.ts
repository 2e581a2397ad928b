import type { Clock, Queryable } from '@esa/database-catalog/sql'
import type { Finding } from '../metric-reading.ts'
import { normalizeDatabase } from './normalize-database.ts'

/** Cells read of each table: 20,000 rows of 20 columns show what repeats, and take a worker a quarter of a second. */
const CELLS_MAX = 400_000
/** All of it, ms: a metric is measured beside four others, again and again. */
const BUDGET_MS = 20_000

const METHOD =
  'functional dependencies found in the rows (partition refinement, determinants of up to 3 columns); score = share of facts (non-key columns that vary) in no BCNF violation, one in violation counting by its cells that repeat nothing'

/**
 * The normalization score as a metric: over all tables that can be judged within 20 s, the largest sampled. Samples are
 * rows, the window is how long reading them took, ms.
 */
export async function measureNormalization(queryable: Queryable, clock: Clock): Promise<Finding> {
  const options = { cellsMax: CELLS_MAX, budgetMs: BUDGET_MS, propose: false, clock }
  const { score, tables, rows, judged, sampled, elapsedMs } = await normalizeDatabase(queryable, options)
  const unknown = tables.filter((table) => table.facts === undefined).length
  const said = [
    METHOD,
    `${judged} of ${tables.length} tables judged`,
    ...(sampled === 0
      ? []
      : [`${sampled} sampled: esa db normalize looks at more rows, and its score may differ`]),
    ...(unknown === 0 ? [] : [`${unknown} not looked at (esa db normalize says why)`]),
  ]
  const method = said.join('; ')
  if (score === null) {
    const why =
      tables.length === 0
        ? 'not measurable: there is no table'
        : `not measurable: none of ${tables.length} tables has rows to learn from${unknown === 0 ? '' : ` (${unknown} could not be read: GRANT SELECT)`}`
    return { value: null, why, method }
  }
  return { value: score, samples: rows, window: elapsedMs, method }
}
