import { type Finding, sqlState, type QueryAnswer, type Queryable } from '@esa/database-catalog/sql'
import { inScope } from '@esa/database-catalog'
import { linesOf, pourRows, type RowRoad } from './pour-rows.ts'
import { lineOf, type SourceTable } from './row-plan.ts'

/** Keys requested at once: a batch of rows that fits in memory, whatever a row holds. */
const KEYS_AT_ONCE = 2_000

/** Rounds over all references. Each round reaches one more generation of a tree; a longer chain is cut. */
const ROUNDS_MAX = 50

const FORBIDDEN = '42501'

/** A foreign key: which columns of `child` refer to which of `parent`. */
interface Reference {
  name: string
  child: string
  parent: string
  /** True when the parent's children count as the parent: it is partitioned. */
  partitioned: boolean
  childColumns: string[]
  parentColumns: string[]
  types: string[]
}

/** References in force. One over periods is not followed: its key has no single row to fetch. */
const REFERENCES = `select k.conname as name, k.conrelid::regclass::text as child, k.confrelid::regclass::text as parent, p.relkind = 'p' as partitioned,
    array_agg(quote_ident(ca.attname)::text order by u.n) as "childColumns", array_agg(quote_ident(pa.attname)::text order by u.n) as "parentColumns",
    array_agg(format_type(pa.atttypid, pa.atttypmod) order by u.n) as types
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace join pg_class p on p.oid = k.confrelid
  cross join lateral unnest(k.conkey, k.confkey) with ordinality u (ck, pk, n)
  join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = u.ck join pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = u.pk
  where k.contype = 'f' and k.conparentid = 0 and k.convalidated and not coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false) and ${inScope('n')}
  group by k.oid, k.conname, k.conrelid, k.confrelid, p.relkind order by k.oid`

/**
 * Fetches the rows that copied rows refer to, and the rows that those refer to, until every validated foreign key holds. Where the
 * limits end before that, rows that refer to nothing are taken out again, and a finding says how many. A parent that may not be
 * read takes no rows with it: its foreign keys are what cannot be made.
 */
export async function closeReferences(
  road: RowRoad,
  tables: readonly SourceTable[],
  schemas: string[] | null,
): Promise<Finding[]> {
  const references = (await road.source.query(REFERENCES, [schemas])).rows as unknown as Reference[]
  const byName = new Map(tables.map((table) => [table.relation, table]))
  const followed = new Set(references)
  for (let round = 0; round < ROUNDS_MAX && !road.budget.exhausted; round++) {
    let fetched = 0
    for (const reference of followed) {
      const columns =
        byName.get(reference.parent)?.columns ?? (await columnsOf(road.source, reference.parent))
      const found = await fetchParents(road, reference, { relation: reference.parent, bytes: 0, columns })
      if (found === null) followed.delete(reference)
      else fetched += found
    }
    if (fetched === 0) break
  }
  return removeOrphans(road.destination, followed)
}

/** Copies parents that are referred to and not here; answers how many, or null when they may not be read. */
async function fetchParents(
  { source, destination, budget }: RowRoad,
  reference: Reference,
  parent: SourceTable,
): Promise<number | null> {
  const { parentColumns, types, partitioned } = reference
  const keys = parentColumns.map((_, i) => `k${i}`)
  const missing = `select distinct ${reference.childColumns.map((column, i) => `c.${column}::text as k${i}`).join(', ')}
    from ${orphansOf(reference)} limit ${KEYS_AT_ONCE}`
  const typed = keys.map((key, i) => `${key}::${types[i]}`).join(', ')
  const arrays = keys.map((_, i) => `$${i + 1}::text[]`).join(', ')
  const wanted = `select ${lineOf(parent)} as line from ${partitioned ? '' : 'only '}${parent.relation}
    where (${parentColumns.join(', ')}) in (select ${typed} from unnest(${arrays}) u (${keys.join(', ')}))`
  let fetched = 0
  while (!budget.exhausted) {
    const { rows } = await destination.query(missing)
    if (rows.length === 0) break
    const found = await unlessForbidden(
      source,
      wanted,
      keys.map((key) => rows.map((row) => row[key])),
    )
    if (found === null) return null
    if (found.length === 0) break
    const lines = linesOf(found)
    budget.take(found.length, lines.length)
    await pourRows(destination, parent, only(lines))
    fetched += found.length
  }
  return fetched
}

/** A query's rows; null when this role may not have them. */
async function unlessForbidden(
  source: Queryable,
  query: string,
  values: unknown[],
): Promise<QueryAnswer['rows'] | null> {
  await source.query('savepoint esa_parents')
  try {
    return (await source.query(query, values)).rows
  } catch (error) {
    if (sqlState(error) !== FORBIDDEN) throw error
    await source.query('rollback to savepoint esa_parents')
    return null
  } finally {
    await source.query('release savepoint esa_parents').catch(() => undefined)
  }
}

async function* only(lines: Buffer): AsyncIterable<Buffer> {
  yield lines
}

/** `child c where` its key is whole and has no row in the parent. */
function orphansOf({ child, parent, partitioned, childColumns, parentColumns }: Reference): string {
  const whole = childColumns.map((column) => `c.${column} is not null`).join(' and ')
  const same = childColumns.map((column, i) => `p.${parentColumns[i]} = c.${column}`).join(' and ')
  return `${child} c where ${whole} and not exists (select from ${partitioned ? '' : 'only '}${parent} p where ${same})`
}

/** Rows without their parent are of no use: their foreign key could not be made. */
async function removeOrphans(destination: Queryable, references: ReadonlySet<Reference>): Promise<Finding[]> {
  const removed = new Map<string, number>()
  for (let again = true; again;) {
    again = false
    for (const reference of references) {
      const { rows } = await destination.query(
        `with gone as (delete from ${orphansOf(reference)} returning 1) select count(*)::int as n from gone`,
      )
      const n = Number(rows[0]?.['n'])
      if (n === 0) continue
      again = true
      removed.set(reference.child, (removed.get(reference.child) ?? 0) + n)
    }
  }
  return [...removed].map(([relation, rows]) => ({
    kind: 'rows-missing',
    severity: 'info',
    relation,
    message: `${rows} sampled rows of ${relation} were left out, because the rows they refer to no longer fitted`,
    evidence: { rows },
  }))
}

async function columnsOf(session: Queryable, relation: string): Promise<SourceTable['columns']> {
  const { rows } = await session.query(
    `select quote_ident(attname) as name, true as escape from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [relation],
  )
  return rows as unknown as SourceTable['columns']
}
