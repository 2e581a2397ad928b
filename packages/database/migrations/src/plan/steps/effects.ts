import type { Queryable } from '@esa/database-catalog/sql'

/** Kinds of effects. */
export const EFFECTS = [
  'deleted',
  'overwritten',
  'replaced',
  'dropped',
  'column-dropped',
  'type-changed',
  'set-back',
] as const

/** What a step did to something that was there, as it was measured in the step's own transaction. */
export interface Effect {
  what: (typeof EFFECTS)[number]
  /** `schema.name`; a partition counts as its root. */
  relation: string
  /** The column; null for all of it. */
  column: string | null
  /** Rows at most, a power of ten, so that a few more of them need no new approval; null where they are not counted in all. */
  atMost: number | null
  /** The statement says it itself. */
  announced?: true | undefined
}

/** A relation in one look. */
export interface Counted {
  oid: string
  /** Tables that it is a part of, its own name first: a statement that names one of them means this one too. */
  names: { schema: string; name: string }[]
  kind: 'r' | 'p' | 'S'
  deleted: number
  updated: number
  inserted: number
  file: string | null
  columns: { nth: number; name: string; type: string }[]
  /** The table whose column a sequence belongs to. */
  ownedBy: string | null
  last: string | null
}

/** Everything that a step could take something from, in one look. */
export interface Look {
  relations: Map<string, Counted>
  path: string[]
}

/** What large objects are kept in. */
const LARGE_OBJECTS = `('pg_catalog.pg_largeobject'::regclass, 'pg_catalog.pg_largeobject_metadata'::regclass)`

/** Of a sequence nothing is seen without a right to it: PostgreSQL 15 throws. Foreign tables keep their rows elsewhere. */
const LOOK = `with recursive above(oid, ancestor, depth) as (
    select c.oid, c.oid, 0 from pg_catalog.pg_class c where c.relkind in ('r', 'p')
    union all select a.oid, i.inhparent, a.depth + 1 from above a join pg_catalog.pg_inherits i on i.inhrelid = a.ancestor)
  select c.oid::text, c.relkind as kind, coalesce((select json_agg(json_build_object('schema', an.nspname, 'name', ac.relname) order by a.depth)
      from above a join pg_catalog.pg_class ac on ac.oid = a.ancestor join pg_catalog.pg_namespace an on an.oid = ac.relnamespace where a.oid = c.oid),
      json_build_array(json_build_object('schema', n.nspname, 'name', c.relname))) as names,
    coalesce(pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid), 0)::float8 as deleted,
    coalesce(pg_catalog.pg_stat_get_xact_tuples_updated(c.oid), 0)::float8 as updated,
    coalesce(pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid), 0)::float8 as inserted,
    case when c.relkind = 'r' then pg_catalog.pg_relation_filenode(c.oid)::text end as file,
    (select coalesce(json_agg(json_build_object('nth', a.attnum, 'name', a.attname, 'type', a.atttypid || ' ' || a.atttypmod) order by a.attnum), '[]')
      from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and c.relkind <> 'S') as columns,
    (select d.refobjid::text from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
      and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i') and c.relkind = 'S' limit 1) as "ownedBy",
    case when c.relkind = 'S' and pg_catalog.has_sequence_privilege(c.oid, 'select, usage')
      then (pg_catalog.pg_sequence_last_value(c.oid) * (select sign(s.seqincrement) from pg_catalog.pg_sequence s where s.seqrelid = c.oid))::text end as last
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'S') and c.relpersistence <> 't'
    and (n.nspname !~ '^pg_' and n.nspname <> 'information_schema' or c.oid in ${LARGE_OBJECTS})`

/** Looks at every table, sequence and large object, in the caller's transaction: some milliseconds for hundreds of tables. */
export async function lookAtAll(session: Queryable): Promise<Look> {
  const { rows } = await session.query(LOOK)
  const { rows: paths } = await session.query('select pg_catalog.current_schemas(false)::text[] as path')
  const relations = (rows as unknown as Counted[]).map((one) => [one.oid, one] as const)
  return { relations: new Map(relations), path: paths[0]?.['path'] as string[] }
}

/** An effect, with the relations that it was measured at. */
export interface Measured extends Effect {
  at: Counted[]
  rows: number
}

/** An effect as it is kept and approved. */
export function plainEffect({ what, relation, column, atMost, announced }: Measured): Effect {
  return { what, relation, column, atMost, ...(announced && { announced }) }
}

/** What two looks of one transaction differ in that takes something away from what was there. */
export function effectsBetween(before: Look, after: Look): Measured[] {
  return joined([...before.relations.values()].flatMap((one) => effectsOf(one, after.relations.get(one.oid))))
}

type Found = Pick<Measured, 'what' | 'column' | 'rows'> & { at: Counted }

function effectsOf(before: Counted, after: Counted | undefined): Found[] {
  const found: Found[] = []
  const add = (what: Effect['what'], rows = 0, column: string | null = null): void =>
    void found.push({ what, column, rows, at: before })
  if (after === undefined) {
    add('dropped')
    return found
  }
  if (after.deleted > before.deleted) add('deleted', after.deleted - before.deleted)
  if (after.updated > before.updated) add('overwritten', after.updated - before.updated)
  if (after.file !== before.file) add('replaced')
  const back = before.last !== null && (after.last === null || BigInt(after.last) < BigInt(before.last))
  if (before.kind === 'S' && back) add('set-back')
  for (const column of before.columns) {
    const now = after.columns.find(({ nth }) => nth === column.nth)
    if (now === undefined) add('column-dropped', 0, column.name)
    else if (now.type !== column.type) add('type-changed', 0, column.name)
  }
  return found
}

/** Partitions as their root: their rows are its rows. */
function joined(found: Found[]): Measured[] {
  const effects = new Map<string, Measured>()
  for (const { what, column, rows, at } of found) {
    const root = at.kind === 'S' ? at.names[0]! : at.names.at(-1)!
    const relation = `${root.schema}.${root.name}`
    const key = JSON.stringify([what, relation, column])
    const known = effects.get(key) ?? { what, relation, column, rows: 0, atMost: null, at: [] }
    const sum = known.rows + rows
    const atMost = sum === 0 ? null : 10 ** Math.ceil(Math.log10(sum))
    effects.set(key, { ...known, rows: sum, atMost, at: [...known.at, at] })
  }
  return [...effects.values()].toSorted((a, b) => effectText(a).localeCompare(effectText(b)))
}

const WORDS: Record<Effect['what'], string> = {
  deleted: 'are deleted',
  overwritten: 'are overwritten',
  replaced: 'is replaced by other rows, or emptied',
  dropped: 'is dropped',
  'column-dropped': 'is dropped with its values',
  'type-changed': 'gets another type',
  'set-back': 'goes back to numbers that it has given',
}

/** One line for people, the same for the same effect. */
export function effectText({ what, relation, column, atMost }: Effect): string {
  const name = relation.startsWith('pg_catalog.pg_largeobject') ? 'large objects' : relation
  const subject = column === null ? name : `${name}.${column}`
  if (atMost === null && (what === 'deleted' || what === 'overwritten'))
    return `rows of ${subject} ${WORDS[what]}, in batches`
  return `${atMost === null ? subject : `at most ${atMost} rows of ${subject}`} ${WORDS[what]}`
}

/** True when `approved` holds this effect, with at least as many rows. */
export function isCovered(effect: Effect, approved: Effect[]): boolean {
  return approved.some(
    (one) =>
      one.what === effect.what &&
      one.relation === effect.relation &&
      one.column === effect.column &&
      (one.atMost === null || one.atMost >= (effect.atMost ?? 0)),
  )
}

/** The text that an approval is about when a statement does more than it says: the statement, and what it was seen to do. */
export function textWithEffects(text: string, effects: Effect[]): string {
  const lines = effects.map((effect) => `-- measured: ${effectText(effect)}`)
  return [text.trim().replace(/;\s*$/, ''), ...lines].join('\n')
}
