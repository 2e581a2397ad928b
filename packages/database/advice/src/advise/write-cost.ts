import { type Clock, quoteIdentifier, quoteRelation, type Queryable } from '@esa/database-catalog/sql'
import type { WriteCost } from './advice.ts'
import type { TableFacts } from './statements/table-catalog.ts'

/** Rows written again: enough that one row's cost is not the statement's. */
const ROWS = 5_000

/** Measurements of each kind, taken in turn; the median counts. */
const ROUNDS = 3

const UNIQUE = `select conname from pg_constraint where conrelid = $1::regclass and contype in ('p', 'u', 'x')`
const UNIQUE_INDEXES = `select format('%I.%I', n.nspname, c.relname) as name from pg_index i
  join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where i.indrelid = $1::regclass and i.indisunique`
const COLUMNS = `select attname from pg_attribute where attrelid = $1::regclass and attnum > 0
  and not attisdropped and attgenerated = '' order by attnum`
const PENDING = `select c.oid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indexrelid
  join pg_am am on am.oid = c.relam where i.indrelid = $1::regclass and am.amname = 'gin'`

/** Milliseconds of one round. */
interface Written {
  insertMs: number
  updateMs: number
}

async function writeAgain(
  session: Queryable,
  relation: string,
  hidden: readonly string[],
  clock: Clock,
): Promise<Written> {
  const names = async (sql: string, key: string): Promise<string[]> =>
    (await session.query(sql, [relation])).rows.map((row) => String(row[key]))
  await session.query('BEGIN')
  try {
    // The same rows would break what makes them unique: in both measurements alike it is not there.
    for (const name of await names(UNIQUE, 'conname')) {
      await session.query(`ALTER TABLE ${relation} DROP CONSTRAINT ${quoteIdentifier(name)} CASCADE`)
    }
    const gone = [...(await names(UNIQUE_INDEXES, 'name')), ...hidden]
    if (gone.length > 0) await session.query(`DROP INDEX ${gone.join(', ')}`)
    await session.query(`ALTER TABLE ${relation} DISABLE TRIGGER USER`)
    const all = (await names(COLUMNS, 'attname')).map(quoteIdentifier)
    const columns = all.join(', ')
    await session.query(
      `CREATE TEMP TABLE esa_rows ON COMMIT DROP AS SELECT ${columns} FROM ${relation} TABLESAMPLE SYSTEM (100) LIMIT ${ROWS}`,
    )
    const pending = await names(PENDING, 'name')
    const timed = async (sql: string): Promise<number> => {
      const from = clock.now()
      await session.query(sql)
      // GIN puts new entries off to a list: what is put off is part of the cost.
      for (const index of pending) await session.query('select gin_clean_pending_list($1::regclass)', [index])
      return clock.now() - from
    }
    const updateMs = await timed(updateSql(relation, all[0] ?? ''))
    const insert = `INSERT INTO ${relation} (${columns}) OVERRIDING SYSTEM VALUE SELECT * FROM esa_rows`
    return { updateMs, insertMs: await timed(insert) }
  } finally {
    await session.query('ROLLBACK')
  }
}

/** Rows are rewritten in place: their pages are full, so that each new version enters every index. */
function updateSql(relation: string, column: string): string {
  return `UPDATE ${relation} SET ${column} = ${column} WHERE ctid = any(array(SELECT ctid FROM ${relation} TABLESAMPLE SYSTEM (100) LIMIT ${ROWS}))`
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/**
 * What one row costs to insert and to update without and with the chosen indexes, measured with rows of the table itself in
 * transactions that are rolled back, in turn. Unique constraints and triggers are out of both.
 */
export async function measureWrites(
  session: Queryable,
  table: TableFacts,
  { without, withChosen }: { without: readonly string[]; withChosen: readonly string[] },
  clock: Clock,
): Promise<WriteCost> {
  const relation = quoteRelation(table.schema, table.name)
  const [before, after]: [Written[], Written[]] = [[], []]
  for (let round = 0; round < ROUNDS; round += 1) {
    before.push(await writeAgain(session, relation, without, clock))
    after.push(await writeAgain(session, relation, withChosen, clock))
  }
  const rows = Math.min(ROWS, table.rows)
  const perRow = (written: Written[], key: keyof Written): number =>
    Math.round((median(written.map((one) => one[key])) * 1_000 * 10) / rows) / 10
  return {
    relation: `${table.schema}.${table.name}`,
    rows,
    insertUsBefore: perRow(before, 'insertMs'),
    insertUsAfter: perRow(after, 'insertMs'),
    updateUsBefore: perRow(before, 'updateMs'),
    updateUsAfter: perRow(after, 'updateMs'),
  }
}
