import type { Queryable } from '@esa/database-catalog/sql'
import { quoteDotted } from '@esa/database-catalog'

/** What a statement does to a table that has rows: nothing but a new definition, a scan, a rewrite, or it fails. */
export type Cost = 'nothing' | 'scan' | 'rewrite' | 'fails'

/** An index that is recreated over the same file has another oid: files only are compared. */
const FILES = `select string_agg(pg_relation_filenode(c.oid)::text, ' ' order by pg_relation_filenode(c.oid)) as files,
    pg_stat_get_xact_numscans($1::regclass)::float8 as scans
  from pg_class c where c.oid = $1::regclass or c.oid in (select indexrelid from pg_index where indrelid = $1::regclass)`

/** Runs `work` in a transaction that is rolled back. */
export async function undone<T>(session: Queryable, work: () => Promise<T>): Promise<T> {
  await session.query('BEGIN')
  try {
    return await work()
  } finally {
    await session.query('ROLLBACK')
  }
}

/**
 * Tries a statement on a table and undoes it. The verdict is the server's own: new files of the table or an index of it
 * mean a rewrite, and it counts a scan as one whether or not there were rows.
 */
export async function costOf(session: Queryable, relation: string, sql: string): Promise<Cost> {
  return undone(session, async () => {
    const look = async (): Promise<{ files: unknown; scans: number }> =>
      (await session.query(FILES, [quoteDotted(relation)])).rows[0] as { files: unknown; scans: number }
    const before = await look()
    try {
      await session.query(sql)
    } catch {
      return 'fails'
    }
    const after = await look()
    if (after.files !== before.files) return 'rewrite'
    return after.scans > before.scans ? 'scan' : 'nothing'
  })
}

/** True when the server takes the expression, which refers to no table. */
export async function takes(session: Queryable, expression: string): Promise<boolean> {
  return undone(session, () =>
    session.query(`select ${expression}`).then(
      () => true,
      () => false,
    ),
  )
}
