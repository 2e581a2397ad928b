import { isToolTable } from '@esa/database-catalog'
import { btreeCandidates } from './btree-candidates.ts'
import { type Candidate, definitionOf } from './candidate.ts'
import { searchCandidates } from './search-candidates.ts'
import type { TableUse } from './statements/statement-shape.ts'
import type { StandingIndex, TableFacts } from './statements/table-catalog.ts'

/** Rows of a table that are always read faster than looked up; above, trials decide. */
const TABLE_ROWS_MIN = 1_000

/** Candidates that one statement may bring: each is built for real, and the first ones are the likeliest. */
const PER_STATEMENT_MAX = 12

const bare = (key: string): string => key.replaceAll(/["()\s]/g, '').toLowerCase()

const keysOf = ({ keys }: Candidate): string[] =>
  keys.map(({ operand, opclass = '', descending = false }) =>
    bare(`${operand.sql}${descending ? ' DESC' : ''}${opclass === '' ? '' : ` ${opclass}`}`),
  )

/** True when an index that is there does all that the candidate would. */
function stands(candidate: Candidate, standing: StandingIndex): boolean {
  if (standing.method !== candidate.method || standing.where !== null) return false
  const [wanted, there] = [keysOf(candidate), standing.keys.map(bare)]
  const leads = wanted.every((key, nth) => there[nth] === key)
  const exact = wanted.length === there.length
  const included = candidate.include.every(
    (column) => standing.include.includes(column) || standing.keys.includes(column),
  )
  return (candidate.method === 'btree' ? leads : exact && leads) && included
}

function usable({ table, keys }: Candidate): boolean {
  const own = !table.schema.startsWith('pg_') && table.schema !== 'information_schema'
  // An index of a table whose partitions are partitioned again would be attached at every level: not built here.
  const flat = table.partitions.every(({ nested }) => !nested)
  return own && !isToolTable(table.name) && flat && table.rows >= TABLE_ROWS_MIN && keys.length > 0
}

/**
 * The indexes that could serve these uses, the likeliest of each statement first, each definition once with all the
 * statements that it is for. Those that an existing index makes needless, and those on small tables, are left out.
 */
export function candidatesOf(uses: readonly TableUse[]): Candidate[] {
  const merged = new Map<string, Candidate>()
  const counts = new Map<string, number>()
  for (const use of uses) {
    for (const candidate of [...searchCandidates(use), ...btreeCandidates(use)]) {
      if (!usable(candidate) || use.table.indexes.some((index) => stands(candidate, index))) continue
      const definition = definitionOf(candidate)
      const known = merged.get(definition)
      if (known) {
        known.statements = [...new Set([...known.statements, use.statement])]
        known.reasons = new Map([[use.statement, candidate.because], ...(known.reasons ?? [])])
        if (candidate.share === undefined) delete known.share
        else if (known.share !== undefined) known.share = Math.min(known.share, candidate.share)
      } else if ((counts.get(use.statement) ?? 0) < PER_STATEMENT_MAX) {
        merged.set(definition, { ...candidate, reasons: new Map([[use.statement, candidate.because]]) })
        counts.set(use.statement, (counts.get(use.statement) ?? 0) + 1)
      }
    }
  }
  return [...merged.values()]
}

/** The tables of the uses, each once. */
export function tablesOf(uses: readonly TableUse[]): TableFacts[] {
  return [...new Set(uses.map(({ table }) => table))]
}
