import { type Queryable, inReadOnly, OWN_MARK } from '@esa/database-catalog/sql'
import type { LintOptions } from './lint-scripts.ts'

/** Longest that the catalogs of a target are read, ms. */
const CATALOG_MS = 30_000

const SIZES = `select ${OWN_MARK} quote_ident(n.nspname) || '.' || quote_ident(c.relname) as relation,
  c.reltuples::float8 as rows, coalesce(pg_total_relation_size(c.oid), 0)::float8 as bytes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r','m') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

/** A partitioned table is as large as its parts are together. */
const PARTITIONED = `select ${OWN_MARK} quote_ident(n.nspname) || '.' || quote_ident(c.relname) as relation,
  (select sum(greatest(p.reltuples, 0))::float8 from pg_partition_tree(c.oid) t join pg_class p on p.oid = t.relid) as rows,
  (select coalesce(sum(pg_total_relation_size(t.relid)), 0)::float8 from pg_partition_tree(c.oid) t) as bytes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'p'`

/** How large a target's tables are, by `schema.relation`, as its catalogs say. @throws EsaError `database.*`. */
export async function readSizes(target: Queryable): Promise<LintOptions['sizes']> {
  return inReadOnly(target, CATALOG_MS, async (session) => {
    const answers = [await session.query(SIZES), await session.query(PARTITIONED)]
    const sizes = answers.flatMap(({ rows }) =>
      rows.map(
        ({ relation, rows: count, bytes }) =>
          [String(relation), { rows: Number(count), bytes: Number(bytes) }] as const,
      ),
    )
    return new Map(sizes)
  })
}
