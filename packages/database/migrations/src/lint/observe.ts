import type { RangeVar } from '@pgsql/types'
import { type Queryable, type LockMode, type RelationLock, strongest } from '@esa/database-catalog/sql'

/** A table, index, sequence or view as the catalogs have it at a moment. */
export interface Relation {
  oid: number
  /** `schema.relation`, quoted where SQL needs it. */
  name: string
  /** The same without quotes. */
  plainName: string
  /** `r` table, `p` partitioned table, `i` index, `I` partitioned index, `m` materialized view, `v` view, `f`, `S`. */
  kind: string
  /** The file that holds its rows; another one afterwards means that all of them were written again. */
  file: number
  /** Of an index: its table. */
  table: number | null
}

/** All relations outside the system's schemas at a moment. */
export class Relations {
  readonly byOid: ReadonlyMap<number, Relation>
  readonly byName: ReadonlyMap<string, Relation>
  /** By schema and name as they are, without quotes. */
  readonly #byPlainName: ReadonlyMap<string, Relation>
  /** Where a name without a schema is looked for, in this order. */
  readonly #path: readonly string[]

  constructor(all: readonly Relation[], path: readonly string[]) {
    this.byOid = new Map(all.map((relation) => [relation.oid, relation]))
    this.byName = new Map(all.map((relation) => [relation.name, relation]))
    this.#byPlainName = new Map(all.map((relation) => [relation.plainName, relation]))
    this.#path = path
  }

  /** The relation that a statement names, by its search path. */
  find({ schemaname: schema, relname: name }: RangeVar): Relation | undefined {
    const schemas = schema === undefined ? this.#path : [schema]
    return schemas.map((place) => this.#byPlainName.get(`${place}.${name ?? ''}`)).find(Boolean)
  }
}

/** What a session holds and has done so far in its transaction. */
export interface Look {
  relations: Relations
  /** As the server wrote them: equal text means equal relations. */
  catalog: string
  locks: { oid: number; mode: LockMode }[]
  /** Sequential scans so far, by table. */
  scans: ReadonlyMap<number, number>
  /** Time-outs in force, ms; 0 is none. */
  lockTimeoutMs: number
  statementTimeoutMs: number
}

type RelationRow = [number, string, string | null, string, number, number | null]

const RELATIONS = `select coalesce(json_agg(json_build_array(c.oid::int8, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
    nullif(n.nspname || '.' || c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname)), c.relkind, c.relfilenode::int8, i.indrelid::int8) order by c.oid), '[]')::text
  from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_index i on i.indexrelid = c.oid
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relkind in ('r','p','m','v','f','i','I','S')`

/** Locks of a session on relations of this database. `$PID` is put in as a number. */
const LOCKS = `select coalesce(json_agg(json_build_array(relation::int8, mode)), '[]') from pg_locks
  where pid = $PID and locktype = 'relation' and database = (select oid from pg_database where datname = current_database())`

const LOOK = `select (${RELATIONS}) as relations, (${LOCKS.replace('$PID', 'pg_backend_pid()')}) as locks,
  (select coalesce(json_agg(json_build_array(relid::int8, seq_scan)), '[]') from pg_stat_xact_user_tables where seq_scan > 0) as scans,
  (select coalesce(json_agg(s), '[]') from unnest(current_schemas(false)) s) as path,
  (extract(epoch from current_setting('lock_timeout')::interval) * 1000)::int8::float8 as lock_timeout,
  (extract(epoch from current_setting('statement_timeout')::interval) * 1000)::int8::float8 as statement_timeout`

/** Looks at what a session holds, has scanned and can see, from inside its transaction. `known` saves reading unchanged relations again. */
export async function look(session: Queryable, known?: Look): Promise<Look> {
  const row = (await session.query(LOOK)).rows[0]!
  const catalog = `${JSON.stringify(row['path'])}${String(row['relations'])}`
  const relations =
    known?.catalog === catalog
      ? known.relations
      : new Relations(
          (JSON.parse(String(row['relations'])) as RelationRow[]).map(
            ([oid, name, plain, kind, file, table]) => ({
              oid,
              name,
              plainName: plain ?? name,
              kind,
              file,
              table,
            }),
          ),
          row['path'] as string[],
        )
  return {
    relations,
    catalog,
    locks: (row['locks'] as [number, LockMode][]).map(([oid, mode]) => ({ oid, mode })),
    scans: new Map(row['scans'] as [number, number][]),
    lockTimeoutMs: Number(row['lock_timeout']),
    statementTimeoutMs: Number(row['statement_timeout']),
  }
}

/** Locks that another session holds or waits for. */
export async function locksOf(watcher: Queryable, pid: number): Promise<Look['locks']> {
  const { rows } = await watcher.query(LOCKS.replace('$PID', String(pid)))
  return ((Object.values(rows[0]!)[0] ?? []) as [number, LockMode][]).map(([oid, mode]) => ({ oid, mode }))
}

/** The locks on relations that were there before, the strongest on each. */
export function namedLocks(locks: Look['locks'], before: Relations): RelationLock[] {
  return strongest(
    locks.flatMap(({ oid, mode }) => {
      const relation = before.byOid.get(oid)
      return relation === undefined ? [] : [{ relation: relation.name, mode }]
    }),
  )
}

/** Relations whose rows lie in another file than before: they were written again, or emptied. */
export function rewritten(before: Relations, after: Relations): string[] {
  if (before === after) return []
  const changed = [...before.byOid.values()].filter(({ oid, name, kind, file }) => {
    // A type change drops the indexes on the column and makes them again under their names.
    const now = after.byOid.get(oid) ?? (kind === 'i' ? after.byName.get(name) : undefined)
    return now !== undefined && now.file !== file
  })
  return changed.map(({ name }) => name).toSorted()
}

/** Relations that were not there before. */
export function created(before: Relations, after: Relations): string[] {
  if (before === after) return []
  return [...after.byOid.values()].filter(({ oid }) => !before.byOid.has(oid)).map(({ name }) => name)
}

/** Tables that were read from end to end since `from`. */
export function scanned(
  from: ReadonlyMap<number, number>,
  to: ReadonlyMap<number, number>,
  before: Relations,
): string[] {
  return [...to]
    .filter(([oid, scans]) => scans > (from.get(oid) ?? 0))
    .flatMap(([oid]) => before.byOid.get(oid)?.name ?? [])
    .toSorted()
}
