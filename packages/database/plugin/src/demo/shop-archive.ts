import type { Queryable } from '@esa/database-catalog/sql'

/** What a comparison of a table with its copy found: rows of the source that the copy should have and has not. */
export interface CopyComparison {
  kind: 'rows-missing'
  source: string
  copy: string
  sourceRows: number
  copyRows: number
  missing: number
  /** Some of the missing keys, the lowest first. */
  missingIds: number[]
}

/** Orders up to this id belong into the archive. */
const ARCHIVED_TO = 20_000

/** Every so many rows one is left out of the copy: seven in all. */
const LEFT_OUT_EVERY = 2_857

/** Keys named in a comparison: enough to look at, small as evidence. */
const IDS_MAX = 20

/** Copies the oldest orders to `shop.orders_archive` and leaves a few out, as a copy job with a fault would. */
export async function plantMissingRows(queryable: Queryable): Promise<void> {
  await queryable.query('drop table if exists shop.orders_archive')
  await queryable.query('create table shop.orders_archive (like shop.orders including all)')
  await queryable.query(
    'insert into shop.orders_archive select * from shop.orders where id <= $1::bigint and id % $2::bigint <> 0',
    [ARCHIVED_TO, LEFT_OUT_EVERY],
  )
}

/** Compares the archive with the orders it was copied from, row by row. */
export async function compareCopy(queryable: Queryable): Promise<CopyComparison> {
  const { rows } = await queryable.query(
    `with source as materialized (select id from shop.orders where id <= $1::bigint),
      missing as materialized (select id from source s where not exists (select from shop.orders_archive a where a.id = s.id))
    select (select count(*) from source)::float8 as source_rows, (select count(*) from shop.orders_archive)::float8 as copy_rows,
      (select count(*) from missing)::float8 as missing,
      (select coalesce(json_agg(id), '[]') from (select id from missing order by id limit $2::bigint) few) as ids`,
    [ARCHIVED_TO, IDS_MAX],
  )
  const row = rows[0] ?? {}
  return {
    kind: 'rows-missing',
    source: 'shop.orders',
    copy: 'shop.orders_archive',
    sourceRows: Number(row['source_rows']),
    copyRows: Number(row['copy_rows']),
    missing: Number(row['missing']),
    missingIds: row['ids'] as number[],
  }
}

/** Copies the missing orders again; gives how many were restored. */
export async function restoreMissingRows(queryable: Queryable): Promise<number> {
  const { rows } = await queryable.query(
    `insert into shop.orders_archive select * from shop.orders where id <= $1::bigint
      on conflict (id) do nothing returning id`,
    [ARCHIVED_TO],
  )
  return rows.length
}
