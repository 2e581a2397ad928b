import { indexName, quoteRelation, type Queryable, OWN_MARK } from '@esa/database-catalog/sql'
import { createIndexSql } from '@esa/protocol'
import { filterColumns, sortColumns } from './filter-columns.ts'
import type { WastefulScan } from './plan.ts'

/** A B-tree index as it may be built: what counts are the names, `ddl` shows what they come to. */
export interface ProposedIndex {
  schema: string
  relation: string
  columns: string[]
  name: string
  ddl: string
}

/** Most columns of a proposal: each further one makes every write dearer and serves fewer queries. */
const COLUMNS_MAX = 4

/** Rows of a table that are read faster than looked up. */
const RELATION_ROWS_MIN = 10_000

/** The statement that takes it away again without blocking writes. */
export function dropIndexSql({ schema, name }: Pick<ProposedIndex, 'schema' | 'name'>): string {
  return `DROP INDEX CONCURRENTLY IF EXISTS ${quoteRelation(schema, name)}`
}

/** Columns in the order that lets one index find and sort: those tested for equality, then the sort's or one range. */
export function proposedColumns(scan: Pick<WastefulScan, 'filter' | 'alias' | 'sortKey'>): string[] {
  const tested = filterColumns(scan.filter, scan.alias)
  const equal = tested.filter((one) => one.kind === 'equality').map((one) => one.column)
  const range = tested.find((one) => one.kind === 'range')?.column
  const sorted = sortColumns(scan.sortKey, scan.alias)
  if (equal.length === 0 && range === undefined) return []
  const rest = range === undefined || sorted[0] === range ? sorted : [range]
  return [...new Set([...equal, ...rest])].slice(0, COLUMNS_MAX)
}

/** Columns of type char(n) are left out: a plan may compare them as text, which their own index does not serve. */
const CATALOG = `select ${OWN_MARK} c.relkind, c.reltuples::float8 as tuples,
  (select coalesce(json_agg(a.attname), '[]') from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and a.atttypid <> 'bpchar'::regtype) as columns,
  (select coalesce(json_agg((select json_agg(a.attname order by k.nth)
      from unnest(i.indkey::int2[]) with ordinality k(attnum, nth)
      left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum)), '[]')
    from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
    where i.indrelid = c.oid and i.indisvalid and i.indpred is null and am.amname = 'btree') as indexes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2`

/** True when an index begins with the same columns: the planner had it and did not want it. */
function leads(index: readonly (string | null)[], columns: readonly string[]): boolean {
  return columns.every((column, nth) => index[nth] === column)
}

/**
 * The index that would have spared a scan, checked against the catalog: undefined for a small table, for conditions
 * no B-tree serves, and when an index with these leading columns exists already.
 */
export async function proposeIndex(
  session: Queryable,
  scan: WastefulScan,
): Promise<ProposedIndex | undefined> {
  const { schema, relation } = scan
  const columns = proposedColumns(scan)
  const { rows } = await session.query(CATALOG, [schema, relation])
  const about = rows[0] as
    | { relkind: string; tuples: number; columns: string[]; indexes: (string | null)[][] }
    | undefined
  if (!about || columns.length === 0 || !['r', 'm'].includes(about.relkind)) return undefined
  // reltuples is -1 before the first ANALYZE: then the scan itself has shown that the table is large.
  if (about.tuples >= 0 && about.tuples < RELATION_ROWS_MIN) return undefined
  if (!columns.every((column) => about.columns.includes(column))) return undefined
  if (about.indexes.some((index) => leads(index, columns))) return undefined
  const index = { schema, relation, columns, name: indexName(relation, columns) }
  return { ...index, ddl: createIndexSql(index) }
}
