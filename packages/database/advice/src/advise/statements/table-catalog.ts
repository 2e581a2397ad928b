import { type Queryable, OWN_MARK } from '@esa/database-catalog/sql'

/** Values of a column whose single ones are states, as open or canceled: with more, a constant is only an example. */
export const STATES_MAX = 12

/** A column and what ANALYZE knows of it; `distinct` is a count of values, the `common` ones come with their shares (0-1). */
export interface ColumnFacts {
  name: string
  /** As `format_type` writes it: `character varying(20)`, `text[]`. */
  type: string
  /** pg_type's category: S text, A array, B boolean, R range ... */
  category: string
  /** Name of the type below a domain: `jsonb`, `tsvector`, `timestamptz`. */
  base: string
  nullShare: number
  distinct: number
  widthBytes: number
  correlation: number
  common: { value: string; share: number }[]
  /** Values that part the rest into equal shares, in order. */
  histogram: string[]
  /** Elements that arrays of this column hold most often. */
  commonElements: string[]
}

/** An index that is there already; `keys` are the key columns or expressions as PostgreSQL prints them, with collation and options. */
export interface StandingIndex {
  name: string
  method: string
  keys: string[]
  include: string[]
  where: string | null
  unique: boolean
  /** It serves a constraint, a primary key or the replica identity. */
  needed: boolean
  sizeBytes: number
}

/** A table as candidates need it. */
export interface TableFacts {
  schema: string
  name: string
  /** pg_class.relkind: r table, p partitioned, m materialised view; others cannot be indexed. */
  kind: string
  rows: number
  pages: number
  columns: Map<string, ColumnFacts>
  indexes: StandingIndex[]
  primaryKey: string[]
  /** Its direct partitions; `nested` ones are partitioned themselves. */
  partitions: { schema: string; name: string; nested: boolean }[]
}

/** Most common values and histogram bounds that are read of a column: enough to bind parameters and judge shares. */
const VALUES_MAX = 25

const COLUMNS = `(select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
    'category', b.typcategory, 'base', b.typname, 'nullShare', coalesce(s.null_frac, 0),
    'distinct', coalesce(case when s.n_distinct < 0 then -s.n_distinct * greatest(c.reltuples, 1) else s.n_distinct end, 0),
    'widthBytes', coalesce(s.avg_width, 16), 'correlation', coalesce(s.correlation, 0),
    'values', coalesce(array_to_json((s.most_common_vals::text::text[])[1:${VALUES_MAX}]), '[]'),
    'shares', coalesce(array_to_json(s.most_common_freqs[1:${VALUES_MAX}]), '[]'),
    'histogram', coalesce(array_to_json(s.histogram_bounds::text::text[]), '[]'),
    'commonElements', coalesce(array_to_json((s.most_common_elems::text::text[])[1:${VALUES_MAX}]), '[]')) order by a.attnum)
  from pg_attribute a join pg_type t on t.oid = a.atttypid
  join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
  left join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname
    and s.inherited = (c.relkind = 'p')
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)`

/**
 * What a definition says of a key's collation, which pg_get_indexdef leaves out for a single one. A column's own needs
 * no word; an expression's own is not in the catalog, but the whole definition names any other.
 */
const COLLATION = `case when i.indcollation[k - 1] <> 0 and coalesce(
    (select a.attcollation <> i.indcollation[k - 1] from pg_attribute a where a.attrelid = i.indrelid and a.attnum = nullif(i.indkey[k - 1], 0)),
    strpos(pg_get_indexdef(ic.oid), pg_get_indexdef(ic.oid, k, false) || ' COLLATE ') > 0)
  then ' COLLATE ' || i.indcollation[k - 1]::regcollation else '' end`

const INDEXES = `(select coalesce(json_agg(json_build_object('name', ic.relname, 'method', am.amname,
    'keys', (select json_agg(pg_get_indexdef(ic.oid, k, true) || ${COLLATION}
        || case when i.indoption[k - 1] & 1 = 1 then ' DESC' else '' end
        || case when i.indoption[k - 1] in (1, 2) then ' NULLS ' || case i.indoption[k - 1] when 1 then 'LAST' else 'FIRST' end else '' end
        || case when oc.opcdefault then '' else ' ' || oc.opcname end order by k)
      from generate_series(1, i.indnkeyatts) k join pg_opclass oc on oc.oid = i.indclass[k - 1]),
    'include', (select coalesce(json_agg(pg_get_indexdef(ic.oid, k, true)), '[]') from generate_series(i.indnkeyatts + 1, i.indnatts) k),
    'where', pg_get_expr(i.indpred, i.indrelid), 'unique', i.indisunique,
    'needed', i.indisunique or i.indisprimary or i.indisexclusion or i.indisreplident or i.indisclustered
      or exists (select from pg_constraint x where x.conindid = ic.oid),
    'sizeBytes', pg_relation_size(ic.oid)) order by ic.relname), '[]')
  from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
  where i.indrelid = c.oid and i.indisvalid)`

const TABLES = `select ${OWN_MARK} asked.name as asked, n.nspname as schema, c.relname as name, c.relkind as kind,
  greatest(c.reltuples, 0)::float8 as rows, greatest(c.relpages, 0)::float8 as pages, ${COLUMNS} as columns, ${INDEXES} as indexes,
  (select coalesce(json_agg(a.attname order by k.nth), '[]') from pg_index i, unnest(i.indkey::int2[]) with ordinality k(attnum, nth)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum where i.indrelid = c.oid and i.indisprimary) as "primaryKey",
  (select coalesce(json_agg(json_build_object('schema', pn.nspname, 'name', pc.relname, 'nested', pc.relkind = 'p') order by pc.relname), '[]')
    from pg_inherits h join pg_class pc on pc.oid = h.inhrelid join pg_namespace pn on pn.oid = pc.relnamespace
    where h.inhparent = c.oid and c.relkind = 'p') as partitions
  from unnest($1::text[], $2::oid[]) asked(name, oid) join pg_class c on c.oid = asked.oid
  join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'm')`

type ColumnRow = Omit<ColumnFacts, 'common'> & { values: string[]; shares: number[] }

function columnFacts({ values, shares, ...column }: ColumnRow): ColumnFacts {
  return { ...column, common: values.map((value, nth) => ({ value, share: shares[nth] ?? 0 })) }
}

/**
 * The tables of these names (`relationsNamed`), by the requested name. A name that is not a table, partitioned table or
 * materialised view is left out.
 */
export async function readTables(
  session: Queryable,
  named: ReadonlyMap<string, number>,
): Promise<Map<string, TableFacts>> {
  const { rows } = await session.query(TABLES, [[...named.keys()], [...named.values()]])
  return new Map(
    rows.map((row) => {
      const { asked, columns, ...table } = row as unknown as Omit<TableFacts, 'columns'> & {
        asked: string
        columns: ColumnRow[] | null
      }
      const known = (columns ?? []).map((column): [string, ColumnFacts] => [column.name, columnFacts(column)])
      return [asked, { ...table, columns: new Map(known) }]
    }),
  )
}
