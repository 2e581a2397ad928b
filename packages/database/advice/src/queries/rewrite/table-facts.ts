import { onTargetPath, OWN_MARK, type ReadOnlySession } from '@esa/database-catalog/sql'
import { relationsNamed } from '@esa/database-catalog'

/** A column as the catalog knows it. */
export interface ColumnFacts {
  name: string
  /** As `format_type` writes it. */
  type: string
  /** No row has a NULL: not so where the constraint is not validated, or not for tables that inherit (PostgreSQL 18). */
  notNull: boolean
}

/** An index by what it sorts: names of columns, null for an expression. */
interface IndexFacts {
  name: string
  method: string
  unique: boolean
  partial: boolean
  columns: (string | null)[]
  /** Its expressions as text, in order. */
  expressions: string[]
}

/** What the catalog and the statistics say of one table. */
export interface TableFacts {
  schema: string
  name: string
  /** -1 before the first ANALYZE. */
  rows: number
  /** How many times larger the table is now than when its rows were last counted. */
  growth: number
  /** Rows changed since the last ANALYZE. */
  changed: number
  /** Whether rows were ever updated or deleted. */
  rewritten: boolean
  analyzedAt: string | null
  columns: ColumnFacts[]
  indexes: IndexFacts[]
}

const FACTS = `select ${OWN_MARK} n.nspname as schema, c.relname as name, c.reltuples::float8 as rows,
  pg_relation_size(c.oid) / 8192.0 / greatest(c.relpages, 1)::float8 as growth, coalesce(s.n_mod_since_analyze, 0)::float8 as changed,
  coalesce(s.n_tup_upd + s.n_tup_del, 0) > 0 as rewritten,
  to_char(greatest(s.last_analyze, s.last_autoanalyze) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "analyzedAt",
  (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
      'notNull', a.attnotnull and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'n'
        and k.conkey[1] = a.attnum and (not k.convalidated or k.connoinherit))) order by a.attnum), '[]')
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(json_agg(json_build_object('name', ic.relname, 'method', am.amname, 'unique', i.indisunique,
      'partial', i.indpred is not null, 'expressions', (select coalesce(json_agg(pg_get_indexdef(i.indexrelid, k::int, true)), '[]')
        from generate_series(1, i.indnkeyatts) k where i.indkey[k - 1] = 0),
      'columns', (select json_agg(a.attname order by k) from generate_series(1, i.indnkeyatts) k
        left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[k - 1] and a.attnum > 0))), '[]')
    from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
    where i.indrelid = c.oid and i.indisvalid) as indexes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  left join pg_stat_all_tables s on s.relid = c.oid
  where c.oid = any ($1::oid[])`

/** Facts of tables; names are quoted where they have to be, and along the search path without a schema. */
export async function tableFacts(session: ReadOnlySession, names: string[]): Promise<TableFacts[]> {
  const oids = await onTargetPath(session, () => relationsNamed(session, names))
  const { rows } = await session.query(FACTS, [[...oids.values()]])
  return rows as unknown as TableFacts[]
}

/** True when an index of the table begins with the column: it could look the column up. */
export function leadsAnIndex(facts: TableFacts, column: string): boolean {
  return facts.indexes.some(({ columns, partial }) => !partial && columns[0] === column)
}
